/* http2.h -- HTTP/2 by libnghttp2, behind libh2o's request model.
 *
 * libh2o 2.2.5 has an HTTP/2 engine of its own, which one client can abort, spin or bloat; it stays
 * unreachable. In its place stands this one: libnghttp2 reads frames, keeps HPACK and the state of
 * streams, and answers SETTINGS, PING and errors. Each request becomes an h2o_req_t, so that the same
 * handlers, filters and files serve it as over HTTP/1.1.
 *
 * DATA frames go out past libnghttp2, which spends more on one than an event of 300 octets costs
 * otherwise. That makes the flow control of what we send ours: WINDOW_UPDATE frames are taken out of
 * the input (http2_input.c), windows are kept here, and libnghttp2, which never sends DATA, is told
 * that a stream has ended by a reset that never leaves (HTTP2_ENDED). In return all streams of a
 * connection that have something to say share one write (http2_output.c), those of events before
 * downloads.
 *
 *     http2.c          a worker's connections: accept, drain, close
 *     http2_input.c    bytes -> frames -> requests
 *     http2_request.c  a request and its response, as libh2o sees them
 *     http2_stream.c   one stream: what it sends, how it ends
 *     http2_output.c   streams -> one block of bytes -> one write
 *     http2_limit.c    who is too fast, too slow, or idle
 *
 * Everything belongs to one worker's thread. Nothing is written, read or freed from within a call of
 * libnghttp2 or of a handler: these only mark the connection, whose turn comes from the loop.
 */
#ifndef PGCRIER_HTTP2_H
#define PGCRIER_HTTP2_H

#include <h2o.h>
#include <nghttp2/nghttp2.h>
#include "loop.h"
#include "options.h"

enum {
    HTTP2_BLOCK = 65536,        /* octets of one write */
    HTTP2_FRAME = 16384,        /* octets of a DATA frame; every peer accepts as many */
    HTTP2_FRAME_HEADER = 9,
    HTTP2_BUFS = 4,             /* pieces that a stream remembers without asking for memory */
};

/* The connections of one worker. */
struct http2 {
    struct loop *loop;
    h2o_context_t *context;
    const struct options *options;
    nghttp2_session_callbacks *callbacks;
    nghttp2_option *option;
    h2o_linklist_t connections;
    size_t count;
    h2o_linklist_t dirty;        /* connections that have something to send */
    h2o_linklist_t retired;      /* requests whose stream went over to a sink */
    struct timer flush;          /* set while one of these two is not empty */
    struct timer sweep;          /* once a second while there are connections */
    uint8_t *block;              /* where a write is put together; no connection owns it */
    bool draining;
};

void http2_init(struct http2 *http2, struct loop *loop, h2o_context_t *context, const struct options *options);
/* Serves a connection whose client speaks HTTP/2; what it has sent already is in socket->input. */
void http2_accept(struct http2 *http2, h2o_hostconf_t **hosts, h2o_socket_t *socket,
                  struct timeval connected_at);
/* Takes no more streams; each connection closes when its last one has ended. */
void http2_drain(struct http2 *http2);

/* --- for a sink ------------------------------------------------------------------------------- */

struct http2_stream;

/* What a stream tells whoever feeds it, from the loop. */
struct http2_feeder {
    void (*written)(struct http2_stream *stream, void *data, uint64_t now_ns); /* everything has left */
    void (*closed)(struct http2_stream *stream, void *data);  /* the stream is gone after this */
};

/* The stream of a request, NULL when it came over HTTP/1.1. */
struct http2_stream *http2_stream_of(h2o_req_t *req);
/* Sends the response's headers as they stand and makes `feeder` the one who sends the body, before
 * anything else on the connection. The request goes away when the loop's turn is over. */
void http2_stream_take_over(struct http2_stream *stream, h2o_req_t *req, const struct http2_feeder *feeder,
                            void *data);
/* One at a time: after this nothing until written(). The octets must live until then, or until
 * http2_stream_end() or http2_stream_abort(); the array as well, unless it has at most HTTP2_BUFS. */
void http2_stream_send(struct http2_stream *stream, const h2o_iovec_t *bufs, size_t count);
/* No more comes: either of these is the feeder's last call, and it is not called back. */
void http2_stream_end(struct http2_stream *stream);
void http2_stream_abort(struct http2_stream *stream);
/* Octets of the body that were handed to the kernel (or to TLS). */
uint64_t http2_stream_sent(const struct http2_stream *stream);

#endif
