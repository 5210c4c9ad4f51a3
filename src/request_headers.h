/* request_headers.h -- a request's headers as JSON, for functions that ask for one.
 *
 * Names are in lower case. Fields of one name are one list with commas (RFC 9110, 5.3), but cookies
 * with semicolons. A value that is not UTF-8 is taken for ISO 8859-1, which every octet fits.
 */
#ifndef PGCRIER_REQUEST_HEADERS_H
#define PGCRIER_REQUEST_HEADERS_H

#include <h2o.h>

/* An object of name and value, the caller's to free; NULL when it would be longer than `ceiling`. */
char *request_headers_json(h2o_req_t *req, size_t ceiling);

#endif
