/* stream.c -- see stream.h. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "metrics.h"
#include "response.h"
#include "sink_http1.h"
#include "sink_http2.h"

enum { RETRY_MIN_MS = 1000, RETRY_SPREAD_MS = 2000, REFUSED_RETRY_MS = 30000, SWEEP_MS = 1000 };

/* What the client is to be told next, besides documents and events. */
enum notice { NOTICE_NONE, NOTICE_AWAY, NOTICE_BACK };
_Static_assert(NOTICE_BACK + 1 == STREAM_NOTICES, "one frame for each notice");

/* What each delivery touches comes first, in three lines of the cache instead of five. */
struct stream {
    struct subscriber subscriber;
    struct streams *streams;
    struct sink *sink;            /* NULL while it waits */
    struct frame **in_flight;     /* references; `single`, or memory of its own when there are several */
    struct frame *single;
    size_t in_flight_count;
    enum notice notice;
    bool busy;                    /* a write is in flight, be it frames or the headers alone */
    bool ending;                  /* finish as soon as nothing is in flight and no event is left */
    bool gone;                    /* and say so */
    bool away;                    /* it was told that the database is, or is about to be */
    char seen[FRAME_ID_LENGTH + 1]; /* id of the last document sent */
    uint64_t written_ns;          /* when something was last written */
    uint64_t window_ns;           /* when measuring the progress of this write began; 0: not yet */
    struct timer heartbeat;       /* looks whether that is long ago: cheaper than moving it each time */
    uint64_t acknowledged;        /* octets, when measuring began */
    h2o_linklist_t link;          /* in streams->all */
    h2o_req_t *req;               /* while it waits; NULL afterwards */
    struct stream **req_holder;   /* in the request's pool: points back here while it waits */
    struct stream *_Atomic *owner; /* of one whose key is being found: points back here; NULL afterwards */
    struct client *client;        /* its address, counted; NULL: not counted */
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

/* Of what was being written. */
static void let_go(struct stream *stream)
{
    for (size_t i = 0; i < stream->in_flight_count; ++i)
        frame_unref(stream->in_flight[i]);
    if (stream->in_flight != &stream->single)
        free(stream->in_flight);
    stream->in_flight = NULL;
    stream->in_flight_count = 0;
}

/* Every way to end comes here, once. */
static void destroy(struct stream *stream)
{
    struct streams *streams = stream->streams;

    hub_unsubscribe(&stream->subscriber);
    timer_cancel(&streams->loop->timers, &stream->heartbeat);
    if (stream->req_holder != NULL)
        *stream->req_holder = NULL;
    if (stream->owner != NULL)
        *stream->owner = NULL;
    client_stream_closed(stream->client);
    let_go(stream);
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

/* The frames' references move to the stream. */
static void take(struct stream *stream, struct frame *const *frames, size_t count)
{
    stream->in_flight = count == 1 ? &stream->single : must_alloc(count * sizeof(*frames));
    memcpy(stream->in_flight, frames, count * sizeof(*frames));
    stream->in_flight_count = count;
    stream->busy = true;
    stream->window_ns = 0;
    if (frame_id(frames[count - 1])[0] != '\0') /* a document goes last */
        strcpy(stream->seen, frame_id(frames[count - 1]));
}

static void write_frames(struct stream *stream, struct frame *const *frames, size_t count)
{
    take(stream, frames, count);
    stream->sink->ops->write(stream->sink, stream->in_flight, count);
}

static void set_heartbeat(struct stream *stream, uint64_t silent_ns)
{
    timer_set(&stream->streams->loop->timers, &stream->heartbeat, stream->streams->heartbeat_ns - silent_ns);
}

static void begin(struct stream *stream);

static void finish(struct stream *stream)
{
    stream->sink->ops->finish(stream->sink);
    destroy(stream);
}

/* Fills `due` with what is to be written now, in its order; returns how many frames it is. */
static size_t collect(struct stream *stream, struct frame *due[SINK_MAX_FRAMES])
{
    struct streams *streams = stream->streams;
    size_t count = 0;

    if (stream->notice != NOTICE_NONE)
        due[count++] = frame_ref(streams->notice[stream->notice]);
    stream->notice = NOTICE_NONE;
    count += event_reader_take(&stream->subscriber.events, due + count, SINK_MAX_FRAMES - 1 - count);
    if (!stream->ending) {
        if (has_news(stream))
            due[count++] = frame_ref(hub_frame(&stream->subscriber));
    } else if (stream->gone && event_reader_pending(&stream->subscriber.events) == 0) {
        due[count++] = frame_ref(streams->gone);
        stream->gone = false;
    }
    return count;
}

/* Sends what is due; the stream may be gone afterwards. */
static void proceed(struct stream *stream)
{
    struct frame *due[SINK_MAX_FRAMES];
    size_t count;

    if (stream->busy)
        return;
    count = collect(stream, due);
    if (count != 0)
        write_frames(stream, due, count);
    else if (stream->ending)
        finish(stream);
}

static void on_heartbeat(struct timer *timer)
{
    struct stream *stream = H2O_STRUCT_FROM_MEMBER(struct stream, heartbeat, timer);

    uint64_t silent_ns = timers_now_ns(&stream->streams->loop->timers) - stream->written_ns;

    if (stream->req != NULL) {
        begin(stream); /* before a proxy gives up; what there is to say comes when it is known */
        return;
    }
    if (silent_ns < stream->streams->heartbeat_ns) {
        set_heartbeat(stream, silent_ns);
        return;
    }
    set_heartbeat(stream, 0);
    if (!stream->busy) {
        struct frame *frame = frame_ref(stream->streams->heartbeat);
        write_frames(stream, &frame, 1);
    }
}

/* --- from the sink --------------------------------------------------------------------------- */

static void count_delivery(const struct frame *frame, uint64_t now_ns)
{
    uint64_t noticed = frame_noticed_ns(frame);

    metric_add(METRIC_DELIVERIES, (int64_t)frame_event_count(frame));
    metric_add(METRIC_SENT_BYTES, (int64_t)frame_size(frame));
    if (noticed != 0)
        metric_observe_delivery(now_ns - noticed);
}

static void on_written(void *data, uint64_t now_ns)
{
    struct stream *stream = data;

    for (size_t i = 0; i < stream->in_flight_count; ++i)
        count_delivery(stream->in_flight[i], now_ns);
    let_go(stream);
    stream->busy = false;
    stream->written_ns = now_ns;
    if (!timer_is_set(&stream->heartbeat))
        set_heartbeat(stream, 0);
    proceed(stream);
}

static void on_closed(void *data)
{
    metric_add(METRIC_CLOSED_BY_CLIENT, 1);
    destroy(data);
}

static const struct sink_events sink_events = {on_written, on_closed};

/* --- from the hub ---------------------------------------------------------------------------- */

static unsigned retry_ms(void)
{
    return RETRY_MIN_MS + (unsigned)h2o_rand() % RETRY_SPREAD_MS;
}

/* The first event is known, or that there is none yet: the response begins. */
static void begin(struct stream *stream)
{
    h2o_req_t *req = stream->req;
    struct frame *first = has_news(stream) ? hub_frame(&stream->subscriber) : NULL;
    char prologue[96];

    snprintf(prologue, sizeof(prologue), "retry: %u\n%s\n", retry_ms(),
             stream->notice == NOTICE_AWAY ? ": database away\n" : first == NULL ? ": open\n" : "");
    stream->notice = NOTICE_NONE;
    *stream->req_holder = NULL;
    stream->req_holder = NULL;
    stream->req = NULL;
    if (first != NULL)
        take(stream, &(struct frame *){frame_ref(first)}, 1);
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

/* There is nothing to show, and never will be. */
static void end(struct stream *stream, const struct problem *problem)
{
    h2o_req_t *req = stream->req;

    if (req != NULL) {
        destroy(stream);
        response_problem(req, problem);
        return;
    }
    stream->gone = stream->ending = true;
    proceed(stream);
}

static void on_gone(struct subscriber *s)
{
    struct problem problem;

    problem_set(&problem, 404, "Not found", NULL);
    end(of(s), &problem);
}

static void on_failed(struct subscriber *s, const struct problem *problem)
{
    struct stream *stream = of(s);

    if (stream->req == NULL)
        return; /* an open stream keeps what it has */
    if (problem->status == 503)
        begin(stream); /* it will pass, while an EventSource gives up for ever on any other status */
    else
        end(stream, problem);
}

static void on_away(struct subscriber *s)
{
    struct stream *stream = of(s);

    if (!stream->away) /* else it was told before its key was known */
        stream->notice = NOTICE_AWAY;
    stream->away = true;
    if (stream->req != NULL)
        begin(stream);
    else
        proceed(stream);
}

static void set_back(struct stream *stream)
{
    /* One that was not told of the loss need not hear of the end of it. */
    stream->notice = stream->notice == NOTICE_AWAY ? NOTICE_NONE : NOTICE_BACK;
    stream->away = false;
}

static void on_back(struct subscriber *s)
{
    struct stream *stream = of(s);

    set_back(stream);
    if (stream->req == NULL)
        proceed(stream);
}

static void on_opened(struct subscriber *s)
{
    struct stream *stream = of(s);

    if (stream->req != NULL)
        begin(stream);
}

static void on_happened(struct subscriber *s)
{
    struct stream *stream = of(s);

    if (stream->req != NULL)
        event_reader_skip(&s->events); /* it is not open yet */
    else
        proceed(stream);
}

static void on_overflowed(struct subscriber *s)
{
    if (of(s)->req != NULL)
        event_reader_skip(&s->events);
    else
        cut(of(s), METRIC_CUT_OVERFLOW);
}

static const struct subscriber_ops subscriber_ops = {
    .changed = on_changed, .gone = on_gone, .failed = on_failed, .away = on_away, .back = on_back,
    .opened = on_opened, .happened = on_happened, .overflowed = on_overflowed,
};

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

/* A browser's EventSource gives up for ever on any status but 200; so it is one, and a pause. */
static void come_back(h2o_req_t *req, const char *why, unsigned after_ms)
{
    char text[96];
    int length = snprintf(text, sizeof(text), ": %s\nretry: %u\n\n", why, after_ms);

    response_stream_headers(req);
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = (size_t)length;
    h2o_send_inline(req, text, (size_t)length);
}

void stream_postpone(h2o_req_t *req)
{
    come_back(req, "database away", retry_ms());
}

/* NULL when the client may have no more; it is answered then. */
static struct stream *create(struct streams *streams, h2o_req_t *req, const char *seen)
{
    struct client *client;
    struct stream *stream;

    if (client_stream_opened(req, &client) != 0) {
        come_back(req, "this address has too many streams", REFUSED_RETRY_MS);
        return NULL;
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
    set_heartbeat(stream, 0);
    return stream;
}

void stream_open(struct streams *streams, h2o_req_t *req, struct call *call, const char *seen)
{
    struct stream *stream = create(streams, req, seen);

    if (stream != NULL)
        hub_subscribe(streams->hub, &stream->subscriber, call);
}

void stream_await(struct streams *streams, h2o_req_t *req, const char *seen,
                  struct stream *_Atomic *owner)
{
    struct stream *stream = create(streams, req, seen);

    *owner = stream;
    if (stream == NULL)
        return;
    stream->owner = owner;
    if (streams->hub->away)
        on_away(&stream->subscriber);
}

void stream_found(struct stream *stream, struct call *call)
{
    stream->owner = NULL;
    if (stream->away && !stream->streams->hub->away)
        set_back(stream); /* it says so with what it has to say next */
    hub_subscribe(stream->streams->hub, &stream->subscriber, call);
}

void stream_refuse(struct stream *stream, const struct problem *problem)
{
    stream->owner = NULL;
    end(stream, problem);
}

/* --- slow readers ---------------------------------------------------------------------------- */

/* Whether the stream is in the middle of a write while something newer waits. */
static bool is_behind(struct stream *stream)
{
    return stream->busy && stream->sink != NULL &&
           (has_news(stream) || event_reader_pending(&stream->subscriber.events) != 0);
}

/* Whether it holds, or waits to send, a frame that has to go. */
static bool is_over_budget(const struct stream *stream)
{
    const struct frame *next = event_reader_peek(&stream->subscriber.events);

    for (size_t i = 0; i < stream->in_flight_count; ++i) {
        if (frame_is_condemned(stream->in_flight[i]))
            return true;
    }
    return next != NULL && frame_is_condemned(next);
}

static bool is_stuck(struct stream *stream, uint64_t now)
{
    struct streams *streams = stream->streams;
    uint64_t acknowledged, elapsed = now - stream->window_ns;

    if (!is_behind(stream) || (stream->window_ns != 0 && elapsed < streams->slow_time_ns))
        return false;
    acknowledged = stream->sink->ops->acknowledged(stream->sink);
    if (stream->window_ns != 0 && acknowledged != UINT64_MAX &&
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
        if (is_over_budget(stream))
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
        .gone = frame_text("event: gone\ndata: null\n\n"),
        .notice = {
            [NOTICE_AWAY] = frame_text(": database away\n\n"),
            [NOTICE_BACK] = frame_text(": database back\n\n"),
        },
    };
    h2o_linklist_init_anchor(&streams->all);
    timer_set(&loop->timers, &streams->sweep, SWEEP_MS * NS_PER_MS);
}

void streams_drain(struct streams *streams)
{
    streams->draining = true;
    streams->hub->deaf = true;
    FOR_EACH_STREAM(streams, stream) {
        stream->ending = true;
        if (stream->req == NULL)
            proceed(stream);
    }
}
