/* test_mirror_model.c -- mirrors against a model of the world, in random schedules.
 *
 * The model has documents with versions and topics, writers that commit, notifications that arrive
 * later or are lost with the connection, reads that take their snapshot somewhere between begin and
 * end, workers that come and go, and a function that raises now and then. Nothing is ever read
 * "anyway", so that whatever is not heard of stays unseen. In every schedule:
 *
 *   converges   in the end every watcher has the newest version;
 *   monotonic   no watcher gets an older version after a newer one;
 *   fresh       who asks gets nothing that is older than his question;
 *   one read    of a key is in flight, and unasked ones keep their interval;
 *   throttled   documents go out to all watchers no closer than the interval;
 *   bounded     without watchers and waiters nothing is left.
 *
 * The schedule of a failure is the number in its message: run the program with that number.
 */
#include "promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "log.h"
#include "mirror.h"

enum { SCHEDULES = 3000, STEPS = 250, WORKERS = 3, DOCUMENTS = 5, ASKERS = 6, INTERVAL_MS = 50 };

struct document {
    const char *key;
    bool function; /* the topic comes from a function */
    /* In the database. */
    bool exists;
    int version, topic;
    /* Its read. */
    bool reading, snapshot_taken;
    struct { bool exists; int version, topic; } snapshot;
    uint64_t began_ns, published_ns;
    /* Its watchers. */
    bool watched[WORKERS];
    int seen[WORKERS];
};

struct asker {
    struct mirror_waiter waiter;
    struct document *document; /* NULL: idle */
    int version;               /* when he asked */
};

static struct document documents[DOCUMENTS];
static struct asker askers[ASKERS];
static char queue[100000][8]; /* topics that were notified */
static int queued, delivered;
static bool listening, away, watching;
static uint64_t now_ns;
static struct timers timers;
static struct mirrors set;
static struct route *plain, *with_topic;
static uint32_t schedule, random_state;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("schedule %u: %s", schedule, #condition);                                     \
    } while (0)

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return (random_state >> 3) % bound;
}

static uint64_t clock_ns(void)
{
    return now_ns;
}

static struct document *document_of(const struct mirror *m)
{
    for (int i = 0; i < DOCUMENTS; i++)
        if (strcmp(documents[i].key, m->call->key) == 0)
            return &documents[i];
    abort();
}

static struct mirror *mirror_of(const struct document *d)
{
    struct call *call = test_call(d->function ? with_topic : plain, d->key);
    struct mirror *m = mirrors_get(&set, call);
    call_unref(call);
    return m;
}

/* -- what mirrors do -- */

static void on_read(struct mirror *m, bool somebody_waits)
{
    struct document *d = document_of(m);
    CHECK(!d->reading);
    CHECK(somebody_waits || !set.away);
    CHECK(somebody_waits || d->began_ns == 0 || now_ns >= d->began_ns + INTERVAL_MS * NS_PER_MS);
    d->reading = true;
    d->snapshot_taken = false;
    d->began_ns = now_ns;
}

static int version_of(const struct frame *f)
{
    size_t length;
    return atoi(frame_json(f, &length));
}

static void on_publish(struct mirror *m, uint64_t to)
{
    struct document *d = document_of(m);
    if (!watching) {
        CHECK(to == m->watchers);
        CHECK(d->published_ns == 0 || now_ns >= d->published_ns + INTERVAL_MS * NS_PER_MS);
        d->published_ns = now_ns;
    }
    for (int i = 0; i < WORKERS; i++) {
        if ((to >> i & 1) == 0)
            continue;
        CHECK(d->watched[i]);
        CHECK(version_of(m->frame) >= d->seen[i]);
        d->seen[i] = version_of(m->frame);
    }
}

static void on_gone(struct mirror *m, uint64_t to)
{
    struct document *d = document_of(m);
    CHECK(!d->snapshot.exists);
    for (int i = 0; i < WORKERS; i++) {
        CHECK(d->watched[i] == (to >> i & 1));
        d->watched[i] = false;
    }
}

static void on_dropped(struct mirror *m)
{
    struct document *d = document_of(m);
    CHECK(!d->reading);
    d->began_ns = d->published_ns = 0;
}

static void on_failed(struct mirror *m, uint64_t to, const struct problem *problem)
{
    CHECK(m->frame == NULL && to == m->watchers && problem->status == 500);
}

static const struct mirror_ops ops = {on_read, on_publish, on_gone, on_dropped, on_failed};

static void on_answer(struct mirror_waiter *waiter, struct frame *frame,
                      const struct problem *problem)
{
    struct asker *a = (struct asker *)waiter;
    if (frame != NULL || problem->status == 404) {
        CHECK(a->document->snapshot_taken && a->document->snapshot.exists == (frame != NULL));
        CHECK(a->document->snapshot.version >= a->version);
        CHECK(frame == NULL || version_of(frame) == a->document->snapshot.version);
    }
    frame_unref(frame);
    a->document = NULL;
}

/* -- what the world does -- */

static const char *topic_name(const struct document *d, int topic)
{
    static const char *const names[] = {"t0", "t1", "t2"};
    return d->function ? names[topic] : "/p"; /* a plain document's topic is its path */
}

static void notify(const char *topic)
{
    if (listening)
        strcpy(queue[queued++], topic);
}

/* A trigger names the topics of the old and of the new row. */
static void commit(struct document *d)
{
    notify(topic_name(d, d->topic));
    d->version++;
    if (random_below(8) == 0)
        d->exists = !d->exists;
    if (d->function && random_below(4) == 0) {
        d->topic = (int)random_below(3);
        notify(topic_name(d, d->topic));
    }
}

static void deliver(void)
{
    if (delivered < queued)
        mirrors_touch(&set, queue[delivered++]);
}

static void take_snapshot(struct document *d)
{
    d->snapshot.exists = d->exists;
    d->snapshot.version = d->version;
    d->snapshot.topic = d->topic;
    d->snapshot_taken = true;
}

static void finish_read(struct document *d, bool raises)
{
    struct mirror *m = mirrors_find(&set, d->key);
    struct problem problem;
    char json[16];
    CHECK(m != NULL && m->reading);
    d->reading = false;
    if (away || raises) {
        problem_set(&problem, away ? 503 : 500, "no", NULL);
        mirror_read_failed(m, &problem, away);
        return;
    }
    if (!d->snapshot_taken)
        take_snapshot(d);
    int length = snprintf(json, sizeof(json), "%d", d->snapshot.version);
    struct frame *f = frame_document(NULL, json, (size_t)length, NULL, NULL, 0);
    if (!d->snapshot.exists) {
        frame_unref(f);
        f = NULL;
    }
    mirror_read_done(m, &(struct mirror_reading){
        .frame = f, .topic = d->function ? topic_name(d, d->snapshot.topic) : NULL});
}

static void watch(struct document *d, unsigned worker)
{
    if (d->watched[worker])
        return;
    d->watched[worker] = true;
    d->seen[worker] = 0;
    watching = true;
    mirror_watch(mirror_of(d), worker);
    watching = false;
}

static void unwatch(struct document *d, unsigned worker)
{
    struct mirror *m = mirrors_find(&set, d->key);
    d->watched[worker] = false;
    if (m != NULL)
        mirror_unwatch(m, worker);
}

static void ask(struct document *d, struct asker *a)
{
    if (a->document != NULL)
        return;
    a->document = d;
    a->version = d->version;
    a->waiter.answer = on_answer;
    mirror_ask(mirror_of(d), &a->waiter);
}

static void advance(uint64_t ns)
{
    uint64_t end = now_ns + ns;
    while (timers_next_ns(&timers) < end) {
        now_ns = timers_next_ns(&timers) + 1;
        timers_run(&timers);
    }
    now_ns = end;
}

/* The connection that listens comes back: LISTEN, then everything again. */
static void start_listening(void)
{
    listening = true;
    mirrors_resynchronise(&set);
}

/* Reads in flight fail before it is said that the database is away, or after. */
static void set_away(bool to)
{
    away = to;
    if (random_below(2) == 0)
        mirrors_set_away(&set, away);
    for (int i = 0; i < DOCUMENTS && away; i++)
        if (documents[i].reading)
            finish_read(&documents[i], false);
    mirrors_set_away(&set, away);
}

static void step(void)
{
    struct document *d = &documents[random_below(DOCUMENTS)];
    uint32_t dice = random_below(100), worker = random_below(WORKERS);
    if (dice < 20)
        commit(d);
    else if (dice < 40)
        deliver();
    else if (dice < 50 && d->reading && !d->snapshot_taken)
        take_snapshot(d);
    else if (dice < 70 && d->reading)
        finish_read(d, random_below(10) == 0);
    else if (dice < 78)
        watch(d, worker);
    else if (dice < 81)
        unwatch(d, worker);
    else if (dice < 86)
        ask(d, &askers[random_below(ASKERS)]);
    else if (dice < 96)
        advance(random_below(30) * NS_PER_MS);
    else if (dice == 96)
        set_away(!away);
    else if (dice == 97)
        delivered = queued, listening = false; /* lost */
    else if (dice == 98 && !listening)
        start_listening();
}

/* -- schedules -- */

static void begin(uint32_t number)
{
    static const char *const keys[DOCUMENTS] = {"/p", "/p?x=1", "/f", "/g", "/h"};
    schedule = number;
    random_state = number * 2654435761u + 1;
    now_ns = 1000 * NS_PER_S;
    queued = delivered = 0;
    listening = true;
    away = false;
    memset(documents, 0, sizeof(documents));
    memset(askers, 0, sizeof(askers));
    for (int i = 0; i < DOCUMENTS; i++)
        documents[i] = (struct document){
            .key = keys[i], .function = i > 1, .exists = true, .version = 1};
    timers_init(&timers, clock_ns);
    mirrors_init(&set, &timers, &ops, WORKERS, NULL);
}

/* Nobody writes any more, everything works, and time passes. */
static void settle(void)
{
    if (away)
        set_away(false);
    if (!listening)
        start_listening();
    while (delivered < queued)
        deliver();
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < DOCUMENTS; i++)
            if (documents[i].reading)
                finish_read(&documents[i], false);
        advance(NS_PER_S);
    }
}

static void check_end(void)
{
    for (int i = 0; i < DOCUMENTS; i++) {
        struct document *d = &documents[i];
        for (unsigned w = 0; w < WORKERS; w++) {
            CHECK(!d->watched[w] || (d->exists && d->seen[w] == d->version));
            unwatch(d, w);
        }
    }
    for (int i = 0; i < ASKERS; i++)
        CHECK(askers[i].document == NULL);
    CHECK(set.by_key == NULL && set.by_topic == NULL);
    CHECK(timers_next_ns(&timers) == UINT64_MAX);
    CHECK(frame_bytes_alive() == 0);
}

static void run(uint32_t number)
{
    begin(number);
    for (int i = 0; i < STEPS; i++)
        step();
    settle();
    check_end();
    mirrors_dispose(&set);
    timers_dispose(&timers);
}

static uint32_t only; /* a schedule to run alone; 0: all */

static void all_schedules(void **state)
{
    (void)state;
    plain = test_route(1);
    with_topic = test_route(2);
    plain->min_interval_ms = with_topic->min_interval_ms = INTERVAL_MS;
    with_topic->has_topic = true;
    for (uint32_t number = 1; number <= SCHEDULES; number++)
        if (only == 0 || only == number)
            run(number);
    route_unref(plain);
    route_unref(with_topic);
}

int main(int argc, char **argv)
{
    log_set_level(LOG_ERROR); /* failures of reads are warnings */
    if (argc > 1)
        only = (uint32_t)atoi(argv[1]);
    const struct CMUnitTest tests[] = {
        PROMISE("mirror: 3,000 random schedules converge, monotonic, fresh, throttled and bounded",
                all_schedules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
