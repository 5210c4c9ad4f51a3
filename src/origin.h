/* origin.h -- pages of other origins (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).
 *
 * --allow-origin names origins exactly, or all of them by '*'. An origin that is named gets its own
 * name back, and may send credentials; '*' is answered to all others, without credentials. Nothing
 * that a request says is ever reflected unless it was named. The headers are set before anything
 * else looks at the request, so that answers, errors and streams have them alike.
 *
 * A browser tells by Sec-Fetch-Site that a page of another site makes a request. One that writes is
 * refused unless its origin is allowed: a form on a foreign page could send it.
 */
#ifndef PGCRIER_ORIGIN_H
#define PGCRIER_ORIGIN_H

#include <h2o.h>
#include <stdbool.h>
#include "options.h"

/* An origin as browsers spell it: scheme://host[:port], in lower case, without the scheme's own
 * port; or '*'. Returns it in memory of its own, or NULL for anything else. */
char *origin_parse(const char *text);

/* Sets the headers that go with every answer. Returns 0, or -1 when the request must not be served:
 * a write of another site. */
int origin_check(h2o_req_t *req, const struct options *options);
/* Answers a preflight of an allowed origin for a route with these methods ("GET, HEAD"). Returns 0,
 * or -1 when the request is none. */
int origin_preflight(h2o_req_t *req, const struct options *options, const char *allow);

#endif
