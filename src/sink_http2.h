/* sink_http2.h -- a stream of HTTP/2 as a sink.
 *
 * The response's headers go out as they stand, then libh2o's request is let go: what remains of it is
 * the stream itself and this. Frames are not copied until they leave with everything else that the
 * connection has to say (http2_output.c). A client that resets the stream or leaves is known at once.
 */
#ifndef PGCRIER_SINK_HTTP2_H
#define PGCRIER_SINK_HTTP2_H

#include "http2.h"
#include "sink.h"

/* As sink_http1_create(). */
struct sink *sink_http2_create(h2o_req_t *req, const char *prologue, struct frame *first,
                               const struct sink_events *events, void *data);

#endif
