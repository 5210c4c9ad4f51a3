/* sink_http1.h -- an HTTP/1.1 response that goes on: the socket, taken over from libh2o.
 *
 * libh2o keeps 9.6 KB for a request that is open and does not notice a client that closes
 * (libh2o 2.2.5, http1.c stops reading while a request is handled). So the headers go out through
 * h2o_http1_upgrade(), which hands the socket over when they are written: half a kilobyte, and
 * reading is ours, so that a closed client is seen at once. It answers "Connection: upgrade",
 * which means nothing without an Upgrade header (RFC 9110, 7.8); nginx, HAProxy, curl and browsers
 * look at it for status 101 only. The body is chunked by us, each frame one chunk; HTTP/1.0
 * gets it plain, to the end of the connection.
 */
#ifndef PGCRIER_SINK_HTTP1_H
#define PGCRIER_SINK_HTTP1_H

#include <h2o.h>
#include "sink.h"

/* Sends status 200, the response's headers as they stand in req->res, `prologue` (SSE text, ends in
 * a blank line) and `first` (NULL: nothing yet). This is the first write: written() follows. The
 * request is no longer the caller's. */
struct sink *sink_http1_create(h2o_req_t *req, const char *prologue, struct frame *first,
                               const struct sink_events *events, void *data);

#endif
