/* patrol.c -- see patrol.h. */
#include "patrol.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bodies.h"
#include "buffer.h"
#include "client.h"
#include "door.h"
#include "metrics.h"
#include "progress.h"
#include "reset.h"

/* A body that is being received. */
struct body {
    h2o_req_t *req;
    size_t octets;
    struct ip ip;       /* found only when there is too much */
    bool refused;
};

/* One walk. */
struct walk {
    struct patrol *patrol;
    uint64_t now;
    int64_t held;       /* octets of bodies, whole ones too */
    size_t octets;      /* of heads as well */
    struct body *body;  /* in the order in which their connections came */
    size_t count, capacity;
};

static h2o_socket_t *socket_of(h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn);
}

static enum phase phase_of(h2o_req_t *req)
{
    if (req->pathconf == NULL) /* no handler has it yet */
        return req->timestamps.request_body_begin_at.tv_sec == 0 ? PHASE_HEAD : PHASE_BODY;
    return h2o_socket_is_writing(socket_of(req)) ? PHASE_WRITE : PHASE_ANSWER;
}

/* libh2o closes it when it hears of that: not now, for the walk is at it. */
static void cut(h2o_req_t *req, enum metric reason)
{
    visitor_of(req)->pace.cut = true;
    metric_add(reason, 1);
    reset_on_close(socket_of(req));
    shutdown(h2o_socket_get_fd(socket_of(req)), SHUT_RDWR);
}

/* --- progress --------------------------------------------------------------------------------- */

/* What has moved in this phase so far; UINT64_MAX where that cannot be told. */
static uint64_t moved(h2o_req_t *req, enum phase phase)
{
    if (phase != PHASE_WRITE)
        return socket_of(req)->input->size;
    if (!visitor_of(req)->has_ip)
        return UINT64_MAX; /* a Unix socket: somebody of this machine */
    return progress_acknowledged(socket_of(req));
}

static void begin(struct pace *pace, enum phase phase, uint64_t now, uint64_t mark)
{
    *pace = (struct pace){.phase = phase, .since_ns = now, .mark = mark};
}

/* Its time is up. Returns whether it begins anew, because the relay has yet to read what has come: it was
 * stopped for a while, or busy. */
static bool spare(h2o_req_t *req, struct pace *pace, uint64_t now)
{
    int unread = 0;

    if (pace->spared || !h2o_socket_is_reading(socket_of(req)) ||
        ioctl(h2o_socket_get_fd(socket_of(req)), FIONREAD, &unread) != 0 || unread == 0)
        return false;
    begin(pace, pace->phase, now, moved(req, pace->phase));
    pace->spared = true;
    return true;
}

/* An answer that goes past libh2o, which is reading; on TLS there is no way past it. */
static void answer_and_close(h2o_req_t *req, const char *text)
{
    h2o_socket_t *socket = socket_of(req);
    int fd = h2o_socket_get_fd(socket);

    visitor_of(req)->pace.cut = true;
    if (socket->ssl == NULL && !h2o_socket_is_writing(socket))
        (void)!send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    forget_on_close(socket);
    shutdown(fd, SHUT_RDWR);
}

#define ANSWER(status, reason, length, body)                                                      \
    "HTTP/1.1 " status " " reason "\r\nConnection: close\r\nRetry-After: 1\r\n"                  \
    "Content-Type: application/problem+json\r\nContent-Length: " length "\r\n\r\n"               \
    "{\"type\":\"about:blank\",\"title\":\"" body "\",\"status\":" status "}\n"

static const char too_large[] = ANSWER("431", "Request Header Fields Too Large", "82",
                                       "The request's headers are too large");
static const char too_slow[] = ANSWER("408", "Request Timeout", "82", "The request's headers took too long");
static const char too_much[] = ANSWER("503", "Service Unavailable", "70", "Too many bodies at once");

static void check_head(struct walk *walk, h2o_req_t *req, struct pace *pace)
{
    const struct options *options = walk->patrol->options;
    size_t octets = socket_of(req)->input->size;

    if (octets > options->max_head) {
        metric_add(METRIC_REFUSED_HEAD, 1);
        client_misbehaved(visitor_of(req), PENALTY_BAD_REQUEST);
        answer_and_close(req, too_large);
    } else if (walk->now - pace->since_ns >= options->head_time_ms * NS_PER_MS && !spare(req, pace, walk->now)) {
        metric_add(METRIC_CUT_HEAD, octets != 0);
        answer_and_close(req, octets == 0 ? "" : too_slow); /* an idle one has asked nothing */
    }
}

static void check_rate(struct walk *walk, h2o_req_t *req, struct pace *pace)
{
    const struct options *options = walk->patrol->options;
    uint64_t elapsed = walk->now - pace->since_ns, now;

    if (elapsed < options->slow_time_ms * NS_PER_MS)
        return;
    now = moved(req, pace->phase);
    if (now == UINT64_MAX || (now - pace->mark) * NS_PER_S >= options->slow_rate * elapsed)
        begin(pace, pace->phase, walk->now, now);
    else if (!spare(req, pace, walk->now))
        cut(req, pace->phase == PHASE_BODY ? METRIC_CUT_BODY : METRIC_CUT_DOWNLOAD);
}

/* --- bodies ------------------------------------------------------------------------------------ */

static void add_body(struct walk *walk, h2o_req_t *req, size_t octets)
{
    struct body *body;

    if (walk->count == walk->capacity) {
        walk->capacity = walk->capacity == 0 ? 64 : 2 * walk->capacity;
        walk->body = must_realloc(walk->body, walk->capacity * sizeof(*walk->body));
    }
    body = &walk->body[walk->count++];
    *body = (struct body){.req = req, .octets = octets};
}

static void add_to_holder(struct bodies_holder *holder, size_t *count, const struct body *body)
{
    size_t i = 0;

    while (i < *count && memcmp(&holder[i].ip, &body->ip, sizeof(body->ip)) != 0)
        ++i;
    if (i == *count)
        holder[(*count)++].ip = body->ip;
    holder[i].octets += body->octets;
}

static void tell_holders(struct walk *walk)
{
    struct bodies_holder *holder = must_alloc((walk->count + 1) * sizeof(*holder));
    size_t count = 0;

    for (size_t i = 0; i < walk->count; ++i) {
        (void)client_ip(walk->body[i].req, &walk->body[i].ip);
        add_to_holder(holder, &count, &walk->body[i]);
    }
    bodies_tell(&walk->patrol->report, holder, count);
}

/* The youngest here of that address; NULL when there is none. */
static struct body *find_victim(struct walk *walk, const struct ip *ip)
{
    for (size_t i = walk->count; i-- != 0;) {
        if (!walk->body[i].refused && memcmp(&walk->body[i].ip, ip, sizeof(*ip)) == 0)
            return &walk->body[i];
    }
    return NULL;
}

static size_t refuse(struct walk *walk, struct body *body)
{
    body->refused = true;
    bodies_refused(&walk->patrol->report, &body->ip, body->octets);
    answer_and_close(body->req, too_much);
    walk->patrol->bodies -= (int64_t)body->octets;
    return bodies_adjust(-(int64_t)body->octets);
}

static void keep_budget(struct walk *walk)
{
    struct patrol *patrol = walk->patrol;
    size_t excess = bodies_adjust(walk->held - patrol->bodies);
    bool others_have_told = patrol->report.count != 0; /* as we have, at the last walk */
    struct body *victim;
    struct ip ip;

    patrol->bodies = walk->held;
    if (excess == 0 && patrol->report.count != 0)
        bodies_tell(&patrol->report, NULL, 0);
    if (excess != 0)
        tell_holders(walk);
    while (others_have_told && excess != 0 && bodies_largest(&ip) == 0 && (victim = find_victim(walk, &ip)) != NULL)
        excess = refuse(walk, victim);
}

/* --- the walk ---------------------------------------------------------------------------------- */

static int visit(h2o_req_t *req, void *data)
{
    struct walk *walk = data;
    struct visitor *visitor = visitor_of(req);
    struct pace *pace = &visitor->pace;
    enum phase phase = phase_of(req);
    size_t octets = socket_of(req)->input->size;

    walk->octets += octets;
    if (pace->cut)
        return 0;
    if (visitor->is_done && (phase == PHASE_HEAD || phase == PHASE_BODY)) {
        answer_and_close(req, "");
        return 0;
    }
    if (phase == PHASE_BODY)
        add_body(walk, req, octets);
    if (phase == PHASE_BODY || req->entity.base != NULL)
        walk->held += (int64_t)octets;
    if (pace->since_ns == 0 || pace->phase != phase)
        begin(pace, phase, walk->now, moved(req, phase));
    else if (phase == PHASE_HEAD)
        check_head(walk, req, pace);
    else if (phase == PHASE_BODY || (phase == PHASE_WRITE && !visitor->is_stream))
        check_rate(walk, req, pace);
    return 0;
}

/* Buffers of many requests leave holes that the C library keeps. */
static void give_memory_back(struct patrol *patrol, size_t octets)
{
    if (octets > patrol->peak)
        patrol->peak = octets;
    if (patrol->peak - octets < PATROL_TRIM || octets > patrol->peak / 2)
        return;
    malloc_trim(0);
    patrol->peak = octets;
}

static void on_time(struct timer *timer)
{
    struct patrol *patrol = H2O_STRUCT_FROM_MEMBER(struct patrol, timer, timer);
    struct walk walk = {.patrol = patrol, .now = timers_now_ns(&patrol->loop->timers)};

    patrol->context->globalconf->http1.callbacks.foreach_request(patrol->context, visit, &walk);
    keep_budget(&walk);
    free(walk.body);
    give_memory_back(patrol, walk.octets);
    if (!h2o_linklist_is_empty(&patrol->context->http1._conns))
        patrol_wake(patrol);
}

void patrol_init(struct patrol *patrol, struct loop *loop, h2o_context_t *context, const struct options *options)
{
    *patrol = (struct patrol){.loop = loop, .context = context, .options = options, .timer = {.fire = on_time}};
}

void patrol_wake(struct patrol *patrol)
{
    if (!timer_is_set(&patrol->timer))
        timer_set(&patrol->loop->timers, &patrol->timer, PATROL_MS * NS_PER_MS);
}

static int count(h2o_req_t *req, void *data)
{
    size_t *tally = data;

    *tally += phase_of(req) != PHASE_HEAD;
    return 0;
}

size_t patrol_count(struct patrol *patrol)
{
    size_t tally = 0;

    patrol->context->globalconf->http1.callbacks.foreach_request(patrol->context, count, &tally);
    return tally;
}
