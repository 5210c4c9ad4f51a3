/* promise.h -- unit tests whose names say what is promised.
 *
 * cmocka names a test after its function; a sentence says more when it fails.
 */
#ifndef PGCRIER_TESTS_PROMISE_H
#define PGCRIER_TESTS_PROMISE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PROMISE(sentence, function) {sentence, function, NULL, NULL, NULL}

#endif
