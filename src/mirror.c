/* mirror.c -- see mirror.h. */
#include "mirror.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "metrics.h"

/* A topic exists while a mirror is registered under it. */
struct mirror_topic {
    h2o_linklist_t mirrors;
    UT_hash_handle hh;
    char name[];
};

static void proceed(struct mirror *mirror);

static uint64_t wall_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* --- topics ---------------------------------------------------------------------------------- */

static void leave_topic(struct mirror *mirror)
{
    struct mirror_topic *topic = mirror->topic;

    if (topic == NULL)
        return;
    h2o_linklist_unlink(&mirror->topic_link);
    mirror->topic = NULL;
    if (h2o_linklist_is_empty(&topic->mirrors)) {
        HASH_DEL(mirror->set->by_topic, topic);
        free(topic);
    }
}

/* Returns whether the topic is another than before. */
static bool join_topic(struct mirror *mirror, const char *name, size_t length)
{
    struct mirror_topic *topic;

    if (mirror->topic != NULL && strlen(mirror->topic->name) == length &&
        memcmp(mirror->topic->name, name, length) == 0)
        return false;
    leave_topic(mirror);
    HASH_FIND(hh, mirror->set->by_topic, name, length, topic);
    if (topic == NULL) {
        topic = must_alloc(sizeof(*topic) + length + 1);
        memcpy(topic->name, name, length);
        h2o_linklist_init_anchor(&topic->mirrors);
        HASH_ADD_KEYPTR(hh, mirror->set->by_topic, topic->name, length, topic);
    }
    h2o_linklist_insert(&topic->mirrors, &mirror->topic_link);
    mirror->topic = topic;
    return true;
}

/* --- one mirror ------------------------------------------------------------------------------ */

/* Of a mirror that is not being read. */
static bool is_wanted(const struct mirror *mirror)
{
    return mirror->watchers != 0 || !h2o_linklist_is_empty((h2o_linklist_t *)&mirror->waiting_next);
}

static void drop(struct mirror *mirror)
{
    struct mirrors *set = mirror->set;

    set->ops->dropped(mirror);
    HASH_DEL(set->by_key, mirror);
    metric_add(METRIC_KEYS, -1);
    leave_topic(mirror);
    timer_cancel(set->timers, &mirror->wake);
    timer_cancel(set->timers, &mirror->reread);
    frame_unref(mirror->frame);
    snapshot_forget(&mirror->snapshot);
    call_unref(mirror->call);
    free(mirror);
}

static void answer_all(h2o_linklist_t *waiting, struct frame *frame, const struct problem *problem)
{
    while (!h2o_linklist_is_empty(waiting)) {
        struct mirror_waiter *waiter = H2O_STRUCT_FROM_MEMBER(struct mirror_waiter, link, waiting->next);
        h2o_linklist_unlink(&waiter->link);
        waiter->answer(waiter, frame == NULL ? NULL : frame_ref(frame), problem);
    }
}

static uint64_t min_interval_ns(const struct mirror *mirror)
{
    return mirror->call->route->min_interval_ms * NS_PER_MS;
}

static uint64_t backoff_ns(const struct mirror *mirror)
{
    unsigned doublings = mirror->failures < 8 ? mirror->failures - 1 : 7;
    uint64_t ms = (uint64_t)MIRROR_BACKOFF_MIN_MS << doublings;
    return (ms < MIRROR_BACKOFF_MAX_MS ? ms : MIRROR_BACKOFF_MAX_MS) * NS_PER_MS;
}

static void start_read(struct mirror *mirror)
{
    bool somebody_waits = !h2o_linklist_is_empty(&mirror->waiting_next);

    mirror->reading = true;
    mirror->outdated = false;
    mirror->dirty = false;
    mirror->read_began_ns = timers_now_ns(mirror->set->timers);
    mirror->read_noticed_ns = mirror->noticed_ns;
    mirror->noticed_ns = 0;
    h2o_linklist_insert_list(&mirror->waiting_now, &mirror->waiting_next);
    metric_add(METRIC_READS, 1);
    mirror->set->ops->read(mirror, somebody_waits);
}

static void publish(struct mirror *mirror)
{
    mirror->unpublished = false;
    mirror->published_ns = timers_now_ns(mirror->set->timers);
    mirror->set->ops->publish(mirror, mirror->watchers);
}

/* Whether the moment has come; otherwise the wake-up is set for it, if none is set sooner. */
static bool is_time(struct mirror *mirror, uint64_t at_ns)
{
    uint64_t now = timers_now_ns(mirror->set->timers);

    if (at_ns <= now)
        return true;
    if (!timer_is_set(&mirror->wake) || mirror->wake.at_ns > at_ns)
        timer_set(mirror->set->timers, &mirror->wake, at_ns - now);
    return false;
}

/* Does whatever is due; the mirror may be gone afterwards. */
static void proceed(struct mirror *mirror)
{
    if (mirror->watchers != 0 && mirror->unpublished &&
        (mirror->published_ns == 0 || is_time(mirror, mirror->published_ns + min_interval_ns(mirror))))
        publish(mirror);
    if (mirror->reading)
        return;
    if (!is_wanted(mirror)) {
        drop(mirror);
        return;
    }
    if (!h2o_linklist_is_empty(&mirror->waiting_next)) {
        start_read(mirror);
    } else if (mirror->dirty && !mirror->set->away) {
        uint64_t wait = mirror->failures != 0 ? backoff_ns(mirror) : min_interval_ns(mirror);
        if (mirror->read_began_ns == 0 || is_time(mirror, mirror->read_began_ns + wait))
            start_read(mirror);
    }
}

static void on_wake(struct timer *timer)
{
    proceed(H2O_STRUCT_FROM_MEMBER(struct mirror, wake, timer));
}

static void set_reread(struct mirror *mirror)
{
    /* Spread by a quarter, or mirrors that began together would always read together. */
    uint64_t ns = mirror->call->route->reread_ms * NS_PER_MS;
    if (ns == 0) /* never */
        timer_cancel(mirror->set->timers, &mirror->reread);
    else
        timer_set(mirror->set->timers, &mirror->reread, ns - ns / 4 + (uint64_t)h2o_rand() % (ns / 4 + 1));
}

static void on_reread(struct timer *timer)
{
    struct mirror *mirror = H2O_STRUCT_FROM_MEMBER(struct mirror, reread, timer);

    set_reread(mirror);
    mirror->dirty = true;
    proceed(mirror);
}

static void mark_dirty(struct mirror *mirror)
{
    mirror->dirty = true;
    if (mirror->noticed_ns == 0)
        mirror->noticed_ns = timers_now_ns(mirror->set->timers);
}

/* It changed, for all that is known. */
static void change(struct mirror *mirror)
{
    if (mirror->failures > 1)
        mirror->failures = 1; /* what it raised about may be mended: the back-off begins anew */
    mark_dirty(mirror);
    proceed(mirror);
}

static void touch(struct mirror *mirror)
{
    mirror->notified_at_ms = wall_clock_ms();
    mirror->report_due = true;
    change(mirror);
}

/* --- the set --------------------------------------------------------------------------------- */

void mirrors_init(struct mirrors *set, struct timers *timers, const struct mirror_ops *ops,
                  unsigned workers, void *data)
{
    *set = (struct mirrors){.timers = timers, .ops = ops, .workers = workers, .data = data};
}

void mirrors_dispose(struct mirrors *set)
{
    struct mirror *mirror, *next;

    HASH_ITER(hh, set->by_key, mirror, next)
        drop(mirror);
}

struct mirror *mirrors_find(struct mirrors *set, const char *key)
{
    struct mirror *mirror;

    HASH_FIND_STR(set->by_key, key, mirror);
    return mirror;
}

struct mirror *mirrors_get(struct mirrors *set, struct call *call)
{
    struct mirror *mirror = mirrors_find(set, call->key);

    if (mirror != NULL) {
        if (mirror->call->route != call->route)
            mirror_redefine(mirror, call->route); /* its route was gone; only a read kept it */
        return mirror;
    }
    mirror = must_alloc(sizeof(*mirror) + set->workers * sizeof(mirror->subscribers[0]));
    mirror->set = set;
    mirror->call = call_ref(call);
    mirror->wake.fire = on_wake;
    mirror->reread.fire = on_reread;
    h2o_linklist_init_anchor(&mirror->waiting_now);
    h2o_linklist_init_anchor(&mirror->waiting_next);
    HASH_ADD_KEYPTR(hh, set->by_key, mirror->call->key, strlen(mirror->call->key), mirror);
    metric_add(METRIC_KEYS, 1);
    if (!call->route->has_topic)
        join_topic(mirror, call->key, strcspn(call->key, "?"));
    return mirror;
}

void mirrors_each_of_topic(struct mirrors *set, const char *name,
                           void (*each)(struct mirror *mirror, void *data), void *data)
{
    struct mirror_topic *topic;

    HASH_FIND_STR(set->by_topic, name, topic);
    if (topic == NULL)
        return;
    for (h2o_linklist_t *at = topic->mirrors.next; at != &topic->mirrors; at = at->next)
        each(H2O_STRUCT_FROM_MEMBER(struct mirror, topic_link, at), data);
}

static void touch_one(struct mirror *mirror, void *data)
{
    (void)data;
    touch(mirror);
}

void mirrors_touch(struct mirrors *set, const char *name)
{
    /* A mirror that exists is wanted, and a touch takes no wish away: none leaves the list. */
    mirrors_each_of_topic(set, name, touch_one, NULL);
}

void mirrors_touch_template(struct mirrors *set, const struct path_template *template)
{
    struct mirror *mirror, *next;

    HASH_ITER(hh, set->by_key, mirror, next) {
        if (mirror->topic != NULL &&
            path_template_fits(template, mirror->topic->name, strlen(mirror->topic->name)))
            touch(mirror);
    }
}

/* --- inline --------------------------------------------------------------------------------------- */

/* What becomes of an inline notification for this mirror: METRIC_INLINE_APPLIED or _SEEN, or the
 * reason why it counts as a touch. */
static enum metric judge(const struct mirror *mirror, const struct inlined *n)
{
    const struct route *route = mirror->call->route;

    if (mirror->reading || mirror->dirty || mirror->frame == NULL || !mirror->snapshot.known)
        return METRIC_INLINE_BUSY;
    if (!route->inlined || n->length > route->max_bytes || mirror->topic == NULL ||
        strcmp(mirror->topic->name, n->topic) != 0)
        return METRIC_INLINE_MISFIT;
    if (n->xid == mirror->inline_xid)
        return METRIC_INLINE_AGAIN; /* it changed more, later: this document may be of before or after */
    if (snapshot_sees(&mirror->snapshot, n->xid))
        return METRIC_INLINE_SEEN;
    if (!n->snapshot.known || !snapshot_covers(&n->snapshot, n->xid, &mirror->snapshot))
        return METRIC_INLINE_OVERLAP;
    return METRIC_INLINE_APPLIED;
}

/* The mirror's document is another, or the same of a newer snapshot (moved from there). */
static void set_document(struct mirror *mirror, struct frame *frame, struct snapshot *snapshot, uint64_t xid)
{
    snapshot_forget(&mirror->snapshot);
    mirror->snapshot = *snapshot;
    *snapshot = (struct snapshot){.known = false};
    mirror->snapshot.plus = xid;
    mirror->inline_xid = xid;
    if (mirror->frame != NULL && strcmp(frame_id(mirror->frame), frame_id(frame)) == 0) {
        frame_unref(frame);
        return;
    }
    frame_unref(mirror->frame);
    mirror->frame = frame;
    mirror->unpublished = true;
}

static void drop_document(struct mirror *mirror)
{
    frame_unref(mirror->frame);
    mirror->frame = NULL;
    mirror->unpublished = false;
    snapshot_forget(&mirror->snapshot);
    mirror->inline_xid = 0;
    mirror->reported_document = false;
}

static void apply(struct mirror *mirror, struct inlined *n)
{
    metric_add(METRIC_FRAMES, 1);
    mirror->notified_at_ms = mirror->read_at_ms = wall_clock_ms();
    mirror->report_due = true;
    set_document(mirror,
                 frame_document(mirror->call->route->event, n->document, n->length, NULL, NULL,
                                timers_now_ns(mirror->set->timers)),
                 &n->snapshot, n->xid);
    proceed(mirror);
}

static bool has_its_own(const struct inlined *n, const struct mirror *mirror)
{
    for (size_t i = 0; i < n->other_count; ++i)
        if (strcmp(n->others[i], mirror->call->key) == 0)
            return true;
    return false;
}

void mirrors_apply(struct mirrors *set, struct inlined *n)
{
    struct mirror *mirror = mirrors_find(set, n->key);
    enum metric outcome = mirror == NULL ? METRIC_INLINE_UNWATCHED : judge(mirror, n);
    struct mirror_topic *topic;

    metric_add(outcome, 1);
    if (outcome == METRIC_INLINE_APPLIED)
        apply(mirror, n);
    else if (mirror != NULL && outcome != METRIC_INLINE_SEEN)
        touch(mirror);
    HASH_FIND_STR(set->by_topic, n->topic, topic);
    if (topic == NULL)
        return;
    for (h2o_linklist_t *at = topic->mirrors.next; at != &topic->mirrors; at = at->next) {
        struct mirror *other = H2O_STRUCT_FROM_MEMBER(struct mirror, topic_link, at);
        if (other != mirror && !has_its_own(n, other))
            touch(other);
    }
}

void mirrors_resynchronise(struct mirrors *set)
{
    struct mirror *mirror, *next;

    metric_add(METRIC_RESYNCS, 1);
    HASH_ITER(hh, set->by_key, mirror, next) {
        snapshot_forget(&mirror->snapshot);
        change(mirror);
    }
}

void mirrors_set_away(struct mirrors *set, bool away)
{
    struct mirror *mirror, *next;

    set->away = away;
    HASH_ITER(hh, set->by_key, mirror, next)
        proceed(mirror);
}

/* --- watchers and waiters -------------------------------------------------------------------- */

void mirror_watch(struct mirror *mirror, unsigned worker)
{
    uint64_t bit = UINT64_C(1) << worker;

    if (mirror->watchers == 0) {
        /* While nobody watched, no frame was kept. A read in flight will do: the mirror is registered
         * under its topic before it reads, or reads once more when it learns the topic. */
        mirror->dirty = mirror->dirty || !mirror->reading;
        set_reread(mirror);
    }
    mirror->watchers |= bit;
    if (mirror->subscribers[worker] == 0)
        mirror->subscribers[worker] = 1; /* at least; the worker counts later */
    mirror->report_due = true;
    if (mirror->frame != NULL)
        mirror->set->ops->publish(mirror, bit);
    proceed(mirror);
}

void mirror_unwatch(struct mirror *mirror, unsigned worker)
{
    mirror->watchers &= ~(UINT64_C(1) << worker);
    mirror_count(mirror, worker, 0);
    if (mirror->watchers == 0) {
        timer_cancel(mirror->set->timers, &mirror->reread);
        drop_document(mirror);
    }
    proceed(mirror);
}

void mirror_count(struct mirror *mirror, unsigned worker, uint32_t subscribers)
{
    mirror->subscribers[worker] = subscribers;
    mirror->report_due = true;
}

const char *mirror_topic(const struct mirror *mirror)
{
    return mirror->topic == NULL ? NULL : mirror->topic->name;
}

uint32_t mirror_subscribers(const struct mirror *mirror)
{
    uint32_t total = 0;

    for (unsigned i = 0; i < mirror->set->workers; ++i)
        total += mirror->subscribers[i];
    return total;
}

void mirror_ask(struct mirror *mirror, struct mirror_waiter *waiter)
{
    bool in_time = mirror->reading && !mirror->outdated && mirror->set->ops->hasten(mirror);

    waiter->link = (h2o_linklist_t){NULL, NULL};
    h2o_linklist_insert(in_time ? &mirror->waiting_now : &mirror->waiting_next, &waiter->link);
    proceed(mirror);
}

void mirror_redefine(struct mirror *mirror, struct route *route)
{
    struct call *old = mirror->call;

    /* The key is the same text at another address, so the hash is told. */
    HASH_DEL(mirror->set->by_key, mirror);
    mirror->call = call_with_route(old, route);
    HASH_ADD_KEYPTR(hh, mirror->set->by_key, mirror->call->key, strlen(mirror->call->key), mirror);
    call_unref(old);
    /* Where the topic comes from a function it is the old one until a read tells another: it is likely the same,
     * and what is announced meanwhile is heard. */
    if (!route->has_topic)
        join_topic(mirror, mirror->call->key, strcspn(mirror->call->key, "?"));
    if (mirror->watchers != 0)
        set_reread(mirror);
    mirror->failures = 0;
    mirror->outdated = mirror->reading;
    mark_dirty(mirror);
    proceed(mirror);
}

static void lose_watchers(struct mirror *mirror)
{
    uint64_t watchers = mirror->watchers;

    mirror->watchers = 0;
    mirror->report_due = true;
    timer_cancel(mirror->set->timers, &mirror->reread);
    drop_document(mirror);
    if (watchers != 0)
        mirror->set->ops->gone(mirror, watchers);
}

void mirror_end(struct mirror *mirror)
{
    struct problem problem;

    problem_set(&problem, 404, "Not found", NULL);
    lose_watchers(mirror);
    answer_all(&mirror->waiting_next, NULL, &problem);
    proceed(mirror);
}

/* --- reads ----------------------------------------------------------------------------------- */

static void read_over(struct mirror *mirror, const struct problem *problem)
{
    mirror->reading = false;
    mirror->error = *problem;
    mirror->report_due = true;
}

void mirror_read_done(struct mirror *mirror, const struct mirror_reading *reading)
{
    static const struct problem fine;
    struct frame *frame = reading->frame;
    const char *topic = reading->topic;
    struct snapshot snapshot;
    struct problem not_found;
    bool doubtful = frame == NULL && mirror->dirty && !mirror->doubted;

    read_over(mirror, &fine);
    mirror->read_at_ms = wall_clock_ms();
    mirror->read_ms = reading->milliseconds;
    mirror->failures = 0;
    mirror->doubted = doubtful;
    if (mirror->call->route->has_topic && !mirror->outdated) {
        if (topic == NULL)
            leave_topic(mirror);
        else if (join_topic(mirror, topic, strlen(topic)))
            mirror->dirty = true; /* what changed before this moment, it was not told */
    }
    problem_set(&not_found, 404, "Not found", NULL);
    answer_all(&mirror->waiting_now, frame, &not_found);
    if (mirror->outdated || doubtful) {
        frame_unref(frame); /* those who watch wait for what the new definition says, or the next read */
    } else if (frame == NULL) {
        lose_watchers(mirror);
    } else if (mirror->watchers == 0) {
        frame_unref(frame);
    } else {
        snapshot_parse(&snapshot, reading->snapshot);
        set_document(mirror, frame, &snapshot, 0);
    }
    proceed(mirror);
}

void mirror_read_failed(struct mirror *mirror, const struct problem *problem, bool database_away)
{
    read_over(mirror, problem);
    metric_add(METRIC_READ_ERRORS, 1);
    mirror->dirty = true;
    answer_all(&mirror->waiting_now, NULL, problem);
    if (!database_away && !mirror->outdated) {
        ++mirror->failures;
        log_warning("read of %s failed: %d %s", mirror->call->key, problem->status, problem->title);
        if (mirror->frame == NULL && mirror->watchers != 0)
            mirror->set->ops->failed(mirror, mirror->watchers, problem);
    }
    proceed(mirror);
}
