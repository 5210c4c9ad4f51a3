/* stream.c -- see stream.h. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "metrics.h"
#include "response.h"
#include "sink_http1.h"
#include "sink_http2.h"

enum { RETRY_MIN_MS = 1000, RETRY_SPREAD_MS = 2000, SWEEP_MS = 1000 };

/* What the client is to be told next, besides documents. */
enum notice { NOTICE_NONE, NOTICE_AWAY, NOTICE_BACK, NOTICE_GONE };
_Static_assert(NOTICE_GONE + 1 == STREAM_NOTICES, "one frame for each notice");

struct stream {
    struct subscriber subscriber;
    struct streams *streams;
    h2o_linklist_t link;          /* in streams->all */
    h2o_req_t *req;               /* while it waits; NULL afterwards */
    struct stream **req_holder;   /* in the request's pool: points back here while it waits */
    struct client *client;        /* its address, counted; NULL: not counted */
    struct sink *sink;            /* NULL while it waits */
    struct frame *in_flight;      /* a reference; NULL when nothing is being written */
    bool busy;                    /* a write is in flight, be it a frame or the headers alone */
    bool ending;                  /* finish as soon as nothing is in flight */
    enum notice notice;
    char seen[FRAME_ID_LENGTH + 1]; /* id of the last document sent */
    struct timer heartbeat;
    uint64_t window_ns;           /* when measuring the progress of this write began; 0: not yet */
    uint64_t acknowledged;        /* octets, at that moment */
};

/* Walks over all streams; the body may destroy the one it is at and no other. */
#define FOR_EACH_STREAM(streams, stream)                                                           \
    for (h2o_linklist_t *at_ = (streams)->all.next, *next_ = at_->next;                            \
         at_ != &(streams)->all; at_ = next_, next_ = at_->next)                                   \
        for (struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, link, at_);             \
             stream != NULL; stream = NULL)

static struct stream *of(struct subscriber *s)
{
    return H2O_STRUCT_FROM_MEMBER(struct stream, subscriber, s);
}

/* Every way to end comes here, once. */
static void destroy(struct stream *stream)
{
    struct streams *streams = stream->streams;

    hub_unsubscribe(&stream->subscriber);
    timer_cancel(&streams->loop->timers, &stream->heartbeat);
    if (stream->req_holder != NULL)
        *stream->req_holder = NULL;
    frame_unref(stream->in_flight);
    client_stream_closed(stream->client);
    h2o_linklist_unlink(&stream->link);
    --streams->count;
    free(stream);
}

static void cut(struct stream *stream, enum metric reason)
{
    metric_add(reason, 1);
    if (stream->sink != NULL)
        stream->sink->ops->abort(stream->sink);
    destroy(stream);
}

/* --- what goes next -------------------------------------------------------------------------- */

static bool has_news(struct stream *stream)
{
    return stream->subscriber.key != NULL && hub_frame(&stream->subscriber) != NULL &&
           strcmp(frame_id(hub_frame(&stream->subscriber)), stream->seen) != 0;
}

static void take(struct stream *stream, struct frame *frame)
{
    stream->in_flight = frame_ref(frame);
    stream->busy = true;
    stream->window_ns = 0;
    if (frame_id(frame)[0] != '\0')
        strcpy(stream->seen, frame_id(frame));
}

static void write_frame(struct stream *stream, struct frame *frame)
{
    take(stream, frame);
    stream->sink->ops->write(stream->sink, &frame, 1);
}

static void set_heartbeat(struct stream *stream)
{
    timer_set(&stream->streams->loop->timers, &stream->heartbeat, stream->streams->heartbeat_ns);
}

static void finish(struct stream *stream)
{
    stream->sink->ops->finish(stream->sink);
    destroy(stream);
}

/* Sends what is due; the stream may be gone afterwards. */
static void proceed(struct stream *stream)
{
    if (stream->busy)
        return;
    if (stream->notice != NOTICE_NONE) {
        struct frame *frame = stream->streams->notice[stream->notice];
        stream->notice = NOTICE_NONE;
        write_frame(stream, frame);
    } else if (stream->ending) {
        finish(stream);
    } else if (has_news(stream)) {
        write_frame(stream, hub_frame(&stream->subscriber));
    }
}

static void on_heartbeat(struct timer *timer)
{
    struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, heartbeat, timer);

    set_heartbeat(stream);
    if (!stream->busy)
        write_frame(stream, stream->streams->heartbeat);
}

/* --- from the sink --------------------------------------------------------------------------- */

static void on_written(void *data)
{
    struct stream *stream = data;

    if (stream->in_flight != NULL) {
        uint64_t noticed = frame_noticed_ns(stream->in_flight);
        metric_add(METRIC_DELIVERIES, frame_id(stream->in_flight)[0] != '\0');
        metric_add(METRIC_SENT_BYTES, (int64_t)frame_size(stream->in_flight));
        if (noticed != 0)
            metric_observe_delivery(timers_now_ns(&stream->streams->loop->timers) - noticed);
    }
    frame_unref(stream->in_flight);
    stream->in_flight = NULL;
    stream->busy = false;
    set_heartbeat(stream);
    proceed(stream);
}

static void on_closed(void *data)
{
    metric_add(METRIC_CLOSED_BY_CLIENT, 1);
    destroy(data);
}

static const struct sink_events sink_events = {on_written, on_closed};

/* --- from the hub ---------------------------------------------------------------------------- */

/* The first event is known, or that there is none yet: the response begins. */
static void begin(struct stream *stream)
{
    h2o_req_t *req = stream->req;
    struct frame *first = has_news(stream) ? hub_frame(&stream->subscriber) : NULL;
    char prologue[96];

    snprintf(prologue, sizeof(prologue), "retry: %u\n%s\n", RETRY_MIN_MS + (unsigned)h2o_rand() % RETRY_SPREAD_MS,
             stream->notice == NOTICE_AWAY ? ": database away\n" : "");
    stream->notice = NOTICE_NONE;
    *stream->req_holder = NULL;
    stream->req_holder = NULL;
    stream->req = NULL;
    if (first != NULL)
        take(stream, first);
    stream->busy = true;
    response_stream_headers(req);
    stream->sink = (http2_stream_of(req) != NULL ? sink_http2_create : sink_http1_create)(
        req, prologue, first, &sink_events, stream);
}

static void on_changed(struct subscriber *s)
{
    struct stream *stream = of(s);

    if (stream->req != NULL)
        begin(stream);
    else
        proceed(stream);
}

static void on_gone(struct subscriber *s)
{
    struct stream *stream = of(s);

    if (stream->req != NULL) {
        h2o_req_t *req = stream->req;
        struct problem problem;
        problem_set(&problem, 404, "Not found", NULL);
        destroy(stream);
        response_problem(req, &problem);
        return;
    }
    stream->notice = NOTICE_GONE;
    stream->ending = true;
    proceed(stream);
}

static void on_failed(struct subscriber *s, const struct problem *problem)
{
    struct stream *stream = of(s);
    h2o_req_t *req = stream->req;

    if (req == NULL)
        return; /* an open stream keeps what it has */
    if (problem->status == 503) {
        begin(stream); /* it will pass, while an EventSource gives up for ever on any other status */
        return;
    }
    destroy(stream);
    response_problem(req, problem);
}

static void on_away(struct subscriber *s)
{
    struct stream *stream = of(s);

    stream->notice = NOTICE_AWAY;
    if (stream->req != NULL)
        begin(stream);
    else
        proceed(stream);
}

static void on_back(struct subscriber *s)
{
    struct stream *stream = of(s);

    /* One that was not told of the loss need not hear of the end of it. */
    stream->notice = stream->notice == NOTICE_AWAY ? NOTICE_NONE : NOTICE_BACK;
    if (stream->req == NULL)
        proceed(stream);
}

static const struct subscriber_ops subscriber_ops = {on_changed, on_gone, on_failed, on_away, on_back};

/* --- opening --------------------------------------------------------------------------------- */

/* The request ends before its stream began: the client is gone. */
static void on_request_disposed(void *holder)
{
    struct stream *stream = *(struct stream **)holder;

    if (stream == NULL)
        return;
    stream->req_holder = NULL;
    destroy(stream);
}

/* A browser's EventSource gives up for ever on any status but 200; so it is one, and a long pause. */
static void refuse(h2o_req_t *req)
{
    static const char text[] = ": this address has too many streams\nretry: 30000\n\n";

    response_stream_headers(req);
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = sizeof(text) - 1;
    h2o_send_inline(req, text, sizeof(text) - 1);
}

void stream_open(struct streams *streams, h2o_req_t *req, struct call *call, const char *seen)
{
    struct client *client;
    struct stream *stream;

    if (client_stream_opened(req, &client) != 0) {
        refuse(req);
        return;
    }
    stream = must_alloc(sizeof(*stream));
    stream->client = client;

    stream->streams = streams;
    stream->subscriber.ops = &subscriber_ops;
    stream->req = req;
    stream->req_holder = h2o_mem_alloc_shared(&req->pool, sizeof(*stream->req_holder), on_request_disposed);
    *stream->req_holder = stream;
    stream->heartbeat.fire = on_heartbeat;
    stream->ending = streams->draining;
    if (strlen(seen) == FRAME_ID_LENGTH)
        strcpy(stream->seen, seen);
    h2o_linklist_insert(&streams->all, &stream->link);
    ++streams->count;
    hub_subscribe(streams->hub, &stream->subscriber, call);
}

/* --- slow readers ---------------------------------------------------------------------------- */

/* Whether the stream is in the middle of a document while a newer one waits. */
static bool is_behind(struct stream *stream)
{
    return stream->busy && stream->sink != NULL && has_news(stream);
}

static bool is_stuck(struct stream *stream, uint64_t now)
{
    struct streams *streams = stream->streams;
    uint64_t acknowledged, elapsed = now - stream->window_ns;

    if (!is_behind(stream) || (stream->window_ns != 0 && elapsed < streams->slow_time_ns))
        return false;
    acknowledged = stream->sink->ops->acknowledged(stream->sink);
    if (stream->window_ns != 0 &&
        (acknowledged - stream->acknowledged) * NS_PER_S < streams->slow_rate * elapsed)
        return true;
    stream->window_ns = now;
    stream->acknowledged = acknowledged;
    return false;
}

/* Once a second. What only slow readers hold may be over the budget: then those who have held
 * theirs longest go, here and on the other workers. */
static void on_sweep(struct timer *timer)
{
    struct streams *streams = H2O_STRUCT_FROM_MEMBER(struct streams, sweep, timer);
    uint64_t now = timers_now_ns(&streams->loop->timers);

    timer_set(&streams->loop->timers, &streams->sweep, SWEEP_MS * NS_PER_MS);
    frame_condemn(streams->frame_budget);
    FOR_EACH_STREAM(streams, stream) {
        if (stream->in_flight != NULL && frame_is_condemned(stream->in_flight))
            cut(stream, METRIC_CUT_BUDGET);
        else if (is_stuck(stream, now))
            cut(stream, METRIC_CUT_SLOW);
    }
}

/* --- all streams of a worker ----------------------------------------------------------------- */

void streams_init(struct streams *streams, struct loop *loop, struct hub *hub, const struct options *options)
{
    *streams = (struct streams){
        .loop = loop,
        .hub = hub,
        .heartbeat_ns = options->heartbeat_ms * NS_PER_MS,
        .frame_budget = options->frame_budget,
        .slow_rate = options->slow_rate,
        .slow_time_ns = options->slow_time_ms * NS_PER_MS,
        .sweep = {.fire = on_sweep},
        .heartbeat = frame_text(":\n\n"),
        .notice = {
            [NOTICE_AWAY] = frame_text(": database away\n\n"),
            [NOTICE_BACK] = frame_text(": database back\n\n"),
            [NOTICE_GONE] = frame_text("event: gone\ndata: null\n\n"),
        },
    };
    h2o_linklist_init_anchor(&streams->all);
    timer_set(&loop->timers, &streams->sweep, SWEEP_MS * NS_PER_MS);
}

void streams_drain(struct streams *streams)
{
    streams->draining = true;
    FOR_EACH_STREAM(streams, stream) {
        stream->ending = true;
        if (stream->req == NULL)
            proceed(stream);
    }
}
