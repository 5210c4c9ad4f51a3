/* stream.c -- see stream.h. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "response.h"
#include "sink_http1.h"

enum { RETRY_MIN_MS = 1000, RETRY_SPREAD_MS = 2000, SWEEP_MS = 1000 };

/* Whether the client is told once that the database is away, or is back. */
enum notice { NOTICE_NONE, NOTICE_AWAY, NOTICE_BACK };

struct stream {
    struct subscriber subscriber;
    struct streams *streams;
    h2o_linklist_t link;          /* in streams->all */
    h2o_req_t *req;               /* while it waits; NULL afterwards */
    struct stream **req_holder;   /* in the request's pool: points back here while it waits */
    struct sink *sink;            /* NULL while it waits */
    struct frame *in_flight;      /* a reference; NULL when nothing is being written */
    bool busy;                    /* a write is in flight, be it a frame or the headers alone */
    bool ending;                  /* finish as soon as nothing is in flight */
    enum notice notice;
    char seen[FRAME_ID_LENGTH + 1]; /* id of the last document sent */
    struct timer heartbeat;
    uint64_t began_ns, acknowledged; /* of the window in which progress is measured */
};

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
    stream->began_ns = timers_now_ns(&stream->streams->loop->timers);
    stream->acknowledged = 0;
    if (frame_id(frame)[0] != '\0')
        strcpy(stream->seen, frame_id(frame));
}

static void send(struct stream *stream, struct frame *frame)
{
    take(stream, frame);
    stream->sink->ops->write(stream->sink, frame);
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
    struct streams *streams = stream->streams;

    if (stream->busy)
        return;
    if (has_news(stream)) {
        send(stream, hub_frame(&stream->subscriber));
    } else if (stream->ending) {
        finish(stream);
    } else if (stream->notice != NOTICE_NONE) {
        struct frame *frame = stream->notice == NOTICE_AWAY ? streams->away : streams->back;
        stream->notice = NOTICE_NONE;
        send(stream, frame);
    }
}

static void on_heartbeat(struct timer *timer)
{
    struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, heartbeat, timer);

    set_heartbeat(stream);
    if (!stream->busy)
        send(stream, stream->streams->heartbeat);
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
    stream->sink = sink_http1_create(req, prologue, first, &sink_events, stream);
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
    struct streams *streams = stream->streams;

    if (stream->req != NULL) {
        h2o_req_t *req = stream->req;
        struct problem problem;
        problem_set(&problem, 404, "Not found", NULL);
        destroy(stream);
        response_problem(req, &problem);
        return;
    }
    stream->ending = true;
    if (!stream->busy)
        send(stream, streams->gone);
    else
        stream->seen[0] = '\1'; /* on_written() sends `gone` before the end */
}

static void on_failed(struct subscriber *s, const struct problem *problem)
{
    struct stream *stream = of(s);
    h2o_req_t *req = stream->req;

    if (req == NULL)
        return; /* an open stream keeps what it has */
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

void stream_open(struct streams *streams, h2o_req_t *req, struct call *call, const char *seen)
{
    struct stream *stream = must_alloc(sizeof(*stream));

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

/* Whether a newer document waits behind one that hardly moves. */
static bool is_stuck(struct stream *stream, uint64_t now)
{
    struct streams *streams = stream->streams;
    uint64_t acknowledged;

    if (!stream->busy || stream->sink == NULL || now - stream->began_ns < streams->slow_time_ns)
        return false;
    acknowledged = stream->sink->ops->acknowledged(stream->sink);
    if (stream->acknowledged != 0 && has_news(stream) &&
        (acknowledged - stream->acknowledged) * NS_PER_S < streams->slow_rate * (now - stream->began_ns))
        return true;
    stream->began_ns = now; /* the next window */
    stream->acknowledged = acknowledged;
    return false;
}

static void on_sweep(struct timer *timer)
{
    struct streams *streams = H2O_STRUCT_FROM_MEMBER(struct streams, sweep, timer);
    uint64_t now = timers_now_ns(&streams->loop->timers);

    timer_set(&streams->loop->timers, &streams->sweep, SWEEP_MS * NS_PER_MS);
    for (h2o_linklist_t *at = streams->all.next, *after = at->next; at != &streams->all;
         at = after, after = at->next) {
        struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, link, at);
        if (is_stuck(stream, now))
            cut(stream, METRIC_CUT_SLOW);
    }
}
