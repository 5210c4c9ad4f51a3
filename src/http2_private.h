/* http2_private.h -- what the files of HTTP/2 share; see http2.h. */
#ifndef PGCRIER_HTTP2_PRIVATE_H
#define PGCRIER_HTTP2_PRIVATE_H

#include "http2.h"
#include "metrics.h"

/* The error code by which libnghttp2 learns that a stream has ended well: a reset with it is never
 * sent (http2_output.c). Not one of RFC 9113's; what a peer sends with it means nothing to us. */
#define HTTP2_ENDED UINT32_C(0x70676372)

/* A token bucket: `tokens` trickle in at `rate` a second, up to `burst`. */
struct http2_bucket {
    double tokens;
    uint64_t filled_ns;
};

struct http2_connection {
    h2o_conn_t super;
    struct http2 *http2;
    h2o_socket_t *socket;
    nghttp2_session *session;
    h2o_linklist_t link;           /* in http2->connections */
    h2o_linklist_t dirty;          /* in http2->dirty */
    h2o_linklist_t streams;        /* all of them */
    h2o_linklist_t urgent, bulk;   /* those that may send: events, and everything else */
    h2o_linklist_t sent;           /* those whose last octets are in the write under way */
    h2o_linklist_t starting;       /* those whose request is whole and whose handler has not begun */
    size_t stream_count;
    int64_t window;                /* octets that we may send on all streams together */
    int64_t initial_window;        /* of a new stream */
    struct {
        size_t left;               /* octets of the frame at hand that are still to come */
        uint64_t frames;           /* begun so far */
        bool in_headers;           /* a header block is not complete: only its rest may come */
    } input;
    struct http2_bucket frames, resets;
    char *unwritten;               /* what the kernel did not take yet; NULL on TLS, where libh2o has it */
    bool writing;                  /* a write of libh2o's is under way */
    bool busy;                     /* reading or writing right now: no need to mark it dirty */
    bool terminated;               /* GOAWAY is all that is still said; nothing is read */
    bool closing;                  /* no stream is left, and nothing more is said */
    int32_t last_id;               /* of the streams that are served: a GOAWAY says, or is to say, so */
    size_t discarded;              /* octets that came all the same */
    size_t body_octets;            /* that all requests hold */
    uint64_t idle_since_ns;        /* 0: it is not */
    uint64_t close_at_ns;          /* while closing; else of the second GOAWAY while draining; 0: neither */
    uint64_t stall_ns, stall_acknowledged; /* when the write under way last moved, and where it was */
};

enum http2_phase {
    HTTP2_HEAD,       /* receiving the headers */
    HTTP2_BODY,       /* receiving the body */
    HTTP2_ANSWER,     /* the request is whole, or refused */
};

/* What each DATA frame touches comes first. */
struct http2_stream {
    struct http2_connection *connection;
    h2o_linklist_t place;          /* in starting, urgent, bulk or sent; or nowhere */
    const h2o_iovec_t *bufs;       /* what is still to be sent: `own`, or the feeder's */
    size_t buf_offset;             /* octets of the first that are sent */
    size_t left;                   /* octets of all */
    int64_t window;
    uint64_t sent;
    int32_t id;
    bool urgent;
    bool headed;                   /* the response's headers are queued */
    bool final;                    /* nothing comes after `left` */
    bool ended;                    /* END_STREAM has been sent */
    bool complete;                 /* END_STREAM has been received */
    bool owes;                     /* written() is due when nothing is left */
    bool reset;                    /* RST_STREAM is queued */
    const struct http2_feeder *feeder; /* NULL: nobody is to be told */
    void *data;
    uint64_t measured_ns, measured_sent; /* progress of the response, see http2_limit.c */
    h2o_iovec_t own[HTTP2_BUFS];
    enum http2_phase phase;
    h2o_linklist_t link;           /* in connection->streams */
    struct http2_request *request; /* NULL when a sink has taken over */
    uint64_t opened_ns, deadline_ns;
};

/* --- http2.c ---------------------------------------------------------------------------------- */

/* Has it flushed when the loop comes round. */
void http2_touch(struct http2_connection *connection);
void http2_wake(struct http2 *http2);
/* A peer that makes us answer without reading the answers is not read either. */
void http2_set_reading(struct http2_connection *connection);
/* It ends for what the client did. */
void http2_ended(struct http2_connection *connection, enum metric why);
/* Ends it with GOAWAY; `why` counts. */
void http2_terminate(struct http2_connection *connection, uint32_t error_code, enum metric why);
void http2_destroy(struct http2_connection *connection);
/* All is said: waits a moment for the peer to close, since closing with unread input would destroy
 * what is still on its way. */
void http2_close(struct http2_connection *connection);

/* --- http2_input.c ------------------------------------------------------------------------------ */

void http2_set_callbacks(nghttp2_session_callbacks *callbacks);
/* Takes what is in socket->input. Returns 0, or -1 when the connection is beyond help. */
int http2_receive(struct http2_connection *connection);

/* --- http2_request.c ---------------------------------------------------------------------------- */

struct http2_request;

struct http2_request *http2_request_create(struct http2_stream *stream);
void http2_request_dispose(struct http2_request *request);
void http2_request_retire(struct http2_request *request);
void http2_requests_dispose_retired(struct http2 *http2);
/* Returns false when the connection ends by it. */
bool http2_request_field(struct http2_request *request, const uint8_t *name, size_t name_length,
                         const uint8_t *value, size_t value_length);
/* The header block is complete, the body is yet to come. */
void http2_request_headers(struct http2_request *request);
void http2_request_body(struct http2_request *request, const uint8_t *octets, size_t length);
/* END_STREAM has come. */
void http2_request_complete(struct http2_request *request);
void http2_request_too_slow(struct http2_request *request);
/* Runs the handlers of requests that are complete, of some: the others are `starting` still. */
void http2_requests_start(struct http2_connection *connection);
/* Octets of the body that have come; for the rate that it has to keep. */
size_t http2_request_received(const struct http2_request *request);
void http2_submit_response(h2o_req_t *req, struct http2_stream *stream, bool has_body);

/* --- http2_stream.c ----------------------------------------------------------------------------- */

struct http2_stream *http2_stream_create(struct http2_connection *connection, int32_t id);
/* It is over; the feeder is told. */
void http2_stream_dispose(struct http2_stream *stream);
/* Puts it in line if it has something to send and may. */
void http2_stream_ready(struct http2_stream *stream);
void http2_stream_stop_waiting(struct http2_stream *stream);
void http2_stream_reset(struct http2_stream *stream, uint32_t error_code);
/* END_STREAM is in the write: as far as we are concerned the stream is over. */
void http2_stream_ended(struct http2_stream *stream);
/* Copies the next `length` octets. */
void http2_stream_take(struct http2_stream *stream, uint8_t *to, size_t length);

/* --- http2_output.c ----------------------------------------------------------------------------- */

/* Sends what is due. Returns false when the connection is gone. */
bool http2_flush(struct http2_connection *connection);

/* --- http2_limit.c ------------------------------------------------------------------------------ */

/* A frame begins; too many of its kind end the connection. */
void http2_limit_frame(struct http2_connection *connection, uint8_t type, size_t length);
/* We sent a DATA frame, which the peer may answer with WINDOW_UPDATEs. */
void http2_limit_credit(struct http2_connection *connection);
/* A stream ended by a reset, whoever sent it, or was refused. */
void http2_limit_reset(struct http2_connection *connection, const struct http2_stream *stream);
void http2_limit_sweep(struct timer *timer);

#endif
