/* plain.h -- libh2o's own errors, in our words.
 *
 * Some requests never reach a handler (a body that is too long, a chunk that is none), and the file
 * handler has errors of its own. libh2o answers them with a text and drops all headers. A filter makes
 * problems of them (RFC 9457), with the headers for other origins.
 */
#ifndef PGCRIER_PLAIN_H
#define PGCRIER_PLAIN_H

#include <h2o.h>

void plain_register(h2o_pathconf_t *path);

#endif
