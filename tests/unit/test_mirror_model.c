/* test_mirror_model.c -- mirrors against a model of the world, in random schedules.
 *
 * The model has documents with topics, whose state is the set of changes that were committed;
 * transactions that overlap, and build their documents for an inline notification some time before
 * they commit, without any lock and perhaps twice; notifications that arrive later or are lost with
 * the connection; reads that take their snapshot somewhere between begin and end; workers that come
 * and go; and a function that raises now and then. Nothing is ever read "anyway", so that whatever
 * is not heard of stays unseen. In every schedule:
 *
 *   converges   in the end every watcher has all changes;
 *   monotonic   no watcher loses a change that it has seen;
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

enum { SCHEDULES = 3000, STEPS = 300, WORKERS = 3, DOCUMENTS = 5, ASKERS = 6, INTERVAL_MS = 20,
       RUNNING = 4, PLACES = 2000 };

struct document {
    const char *key;
    bool function; /* the topic comes from a function */
    /* In the database. */
    uint64_t changes;  /* committed; bit 0 is there from the beginning */
    uint64_t ends;     /* those that take it away, or bring it back */
    int made, topic;   /* changes made, committed or not; at most 63 */
    /* Its read. */
    bool reading, snapshot_taken;
    struct { uint64_t changes; int topic; char text[160]; } snapshot;
    uint64_t began_ns, published_ns;
    /* Its watchers. */
    bool watched[WORKERS];
    uint64_t seen[WORKERS];
};

/* A transaction that changes one document, or two of one topic. */
struct transaction {
    uint64_t xid;          /* 0: none */
    struct document *documents[2];
    uint64_t changes[2];   /* its own */
    int count;
    int last;              /* how many notifications it has in `built` */
};

/* A notification: inline where it has a document. */
struct notice {
    char topic[8];
    const char *key, *other; /* NULL: by reference; NULL: no others */
    uint64_t xid;
    char snapshot[160], document[24];
};

struct asker {
    struct mirror_waiter waiter;
    struct document *document; /* NULL: idle */
    uint64_t changes;          /* when he asked */
};

static struct document documents[DOCUMENTS];
static struct asker askers[ASKERS];
static struct transaction running[RUNNING];
static uint64_t next_xid, completed; /* the highest that is over */
static struct notice *queue;         /* what was committed */
static struct notice built[RUNNING][4]; /* what waits for its commit */
static int queued, delivered, applied;
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

static uint64_t changes_of(const struct frame *f)
{
    size_t length;
    return strtoull(frame_json(f, &length), NULL, 10);
}

static bool exists(const struct document *d, uint64_t changes)
{
    return __builtin_popcountll(changes & d->ends) % 2 == 0;
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
        CHECK((d->seen[i] & ~changes_of(m->frame)) == 0);
        CHECK((changes_of(m->frame) & ~d->changes) == 0); /* nothing uncommitted */
        d->seen[i] = changes_of(m->frame);
    }
}

static void on_gone(struct mirror *m, uint64_t to)
{
    struct document *d = document_of(m);
    CHECK(!exists(d, d->snapshot.changes));
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

/* It is as if it began with its snapshot. */
static bool on_hasten(struct mirror *m)
{
    CHECK(document_of(m)->reading);
    return !document_of(m)->snapshot_taken;
}

static const struct mirror_ops ops = {on_read, on_publish, on_gone, on_dropped, on_failed, on_hasten};

static void on_answer(struct mirror_waiter *waiter, struct frame *frame,
                      const struct problem *problem)
{
    struct asker *a = (struct asker *)waiter;
    if (frame != NULL || problem->status == 404) {
        const struct document *d = a->document;
        CHECK(d->snapshot_taken && exists(d, d->snapshot.changes) == (frame != NULL));
        CHECK((a->changes & ~d->snapshot.changes) == 0);
        CHECK(frame == NULL || changes_of(frame) == d->snapshot.changes);
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

static void notify(const struct notice *notice)
{
    if (listening)
        queue[queued++] = *notice;
}

static void refer(const char *topic)
{
    struct notice notice = {.key = NULL};
    strcpy(notice.topic, topic);
    notify(&notice);
}

static uint64_t change(struct document *d)
{
    return UINT64_C(1) << ++d->made;
}

/* As PostgreSQL writes it for a transaction, or for a reader (0): itself is never listed. */
static void write_snapshot(char text[160], uint64_t self)
{
    uint64_t xmin = completed + 1;
    char list[120] = "";
    for (uint64_t xid = 1; xid <= completed; xid++) {
        for (int i = 0; i < RUNNING; i++) {
            if (running[i].xid != xid)
                continue;
            xmin = xid < xmin ? xid : xmin;
            if (xid != self)
                sprintf(list + strlen(list), "%s%d", *list == '\0' ? "" : ",", (int)xid);
        }
    }
    snprintf(text, 160, "%d:%d:%s", (int)xmin, (int)completed + 1, list);
}

/* A trigger names the topics of the old and of the new row. */
static void commit_at_once(struct document *d)
{
    if (d->made == 62)
        return;
    uint64_t done = change(d);
    if (random_below(8) == 0)
        d->ends |= done;
    d->changes |= done;
    completed = next_xid++;
    refer(topic_name(d, d->topic));
    if (d->function && random_below(4) == 0) {
        d->topic = (int)random_below(3);
        refer(topic_name(d, d->topic));
    }
}

static void begin_transaction(struct document *d)
{
    struct transaction *t = &running[random_below(RUNNING)];
    struct document *other = &documents[random_below(DOCUMENTS)];
    if (t->xid != 0 || d->made >= 60 || other->made >= 60)
        return;
    *t = (struct transaction){.xid = next_xid++, .documents = {d, other}, .count = 1};
    if (other != d && strcmp(topic_name(d, d->topic), topic_name(other, other->topic)) == 0)
        t->count = 2;
    for (int i = 0; i < t->count; i++)
        t->changes[i] = change(t->documents[i]);
}

/* Its document as the trigger sees it, of a snapshot of now. One that is gone goes by reference. */
static void build(struct transaction *t, int i)
{
    struct document *d = t->documents[i];
    struct notice *notice = &built[t - running][t->last];
    uint64_t changes = d->changes | t->changes[i];
    if (t->last == 4 || !exists(d, changes))
        return;
    *notice = (struct notice){.key = d->key, .xid = t->xid};
    if (t->count == 2 && random_below(2) == 0)
        notice->other = t->documents[1 - i]->key;
    strcpy(notice->topic, topic_name(d, d->topic));
    snprintf(notice->document, sizeof(notice->document), "%llu", (unsigned long long)changes);
    write_snapshot(notice->snapshot, t->xid);
    t->last++;
}

/* It goes on after it has built, and builds once more. */
static void build_or_go_on(struct transaction *t)
{
    int i = (int)random_below((uint32_t)t->count);
    if (t->last > 0 && random_below(3) == 0 && t->documents[i]->made < 62)
        t->changes[i] |= change(t->documents[i]);
    build(t, i);
}

/* The newest of what was built for a document says all of its changes, or else a reference does; so
 * does one for a document that another one names. */
static bool is_told(const struct transaction *t, int i)
{
    const struct notice *mine = built[t - running];
    uint64_t said = 0;
    bool named = false;
    for (int n = 0; n < t->last; n++) {
        if (mine[n].key == t->documents[i]->key)
            said = strtoull(mine[n].document, NULL, 10);
        named = named || mine[n].other == t->documents[i]->key;
        if (strcmp(mine[n].topic, topic_name(t->documents[i], t->documents[i]->topic)) != 0)
            return false; /* it moved meanwhile */
    }
    return (said & t->changes[i]) == t->changes[i] && (said != 0 || !named);
}

static void end_transaction(struct transaction *t, bool commits)
{
    if (t->xid == 0)
        return;
    for (int n = 0; n < t->last && commits; n++)
        notify(&built[t - running][n]);
    for (int i = 0; i < t->count && commits; i++) {
        t->documents[i]->changes |= t->changes[i];
        if (!is_told(t, i))
            refer(topic_name(t->documents[i], t->documents[i]->topic));
    }
    completed = t->xid > completed ? t->xid : completed;
    t->xid = 0;
}

static void transact(void)
{
    struct transaction *t = &running[random_below(RUNNING)];
    if (t->xid != 0 && random_below(2) == 0)
        build_or_go_on(t);
    else
        end_transaction(t, random_below(6) != 0);
}

static void apply(const struct notice *notice)
{
    struct inlined n = {.topic = (char *)notice->topic, .key = (char *)notice->key, .genuine = true,
                        .others = {(char *)notice->other}, .other_count = notice->other != NULL,
                        .xid = notice->xid, .document = (char *)notice->document,
                        .length = strlen(notice->document)};
    const struct mirror *m = mirrors_find(&set, notice->key);
    snapshot_parse(&n.snapshot, notice->snapshot);
    assert_true(n.snapshot.known);
    mirrors_apply(&set, &n);
    snapshot_forget(&n.snapshot);
    applied += m != NULL && m->inline_xid == notice->xid;
}

static void deliver(void)
{
    if (delivered == queued)
        return;
    const struct notice *notice = &queue[delivered++];
    if (notice->key == NULL)
        mirrors_touch(&set, notice->topic);
    else
        apply(notice);
}

static void take_snapshot(struct document *d)
{
    d->snapshot.changes = d->changes;
    d->snapshot.topic = d->topic;
    write_snapshot(d->snapshot.text, 0);
    d->snapshot_taken = true;
}

static void finish_read(struct document *d, bool raises)
{
    struct mirror *m = mirrors_find(&set, d->key);
    struct problem problem;
    char json[24];
    CHECK(m != NULL && m->reading);
    d->reading = false;
    if (away || raises) {
        problem_set(&problem, away ? 503 : 500, "no", NULL);
        mirror_read_failed(m, &problem, away);
        return;
    }
    if (!d->snapshot_taken)
        take_snapshot(d);
    int length = snprintf(json, sizeof(json), "%llu", (unsigned long long)d->snapshot.changes);
    struct frame *f = frame_document(NULL, json, (size_t)length, NULL, NULL, 0);
    if (!exists(d, d->snapshot.changes)) {
        frame_unref(f);
        f = NULL;
    }
    mirror_read_done(m, &(struct mirror_reading){
        .frame = f, .topic = d->function ? topic_name(d, d->snapshot.topic) : NULL,
        .snapshot = d->snapshot.text});
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
    a->changes = d->changes;
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
    if (dice < 2)
        commit_at_once(d);
    else if (dice < 7)
        begin_transaction(d);
    else if (dice < 19)
        transact();
    else if (dice < 36)
        deliver();
    else if (dice < 42 && d->reading && !d->snapshot_taken)
        take_snapshot(d);
    else if (dice < 72 && d->reading)
        finish_read(d, random_below(20) == 0);
    else if (dice < 80)
        watch(d, worker);
    else if (dice < 82)
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
    next_xid = 2;
    completed = 1;
    memset(running, 0, sizeof(running));
    listening = true;
    away = false;
    memset(documents, 0, sizeof(documents));
    memset(askers, 0, sizeof(askers));
    for (int i = 0; i < DOCUMENTS; i++)
        documents[i] = (struct document){
            .key = keys[i], .function = i > 1, .changes = 1};
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
    for (int i = 0; i < RUNNING; i++)
        end_transaction(&running[i], true);
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
            CHECK(!d->watched[w] || (exists(d, d->changes) && d->seen[w] == d->changes));
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
    plain->inlined = with_topic->inlined = true;
    plain->max_bytes = with_topic->max_bytes = 100;
    queue = malloc(PLACES * sizeof(*queue));
    for (uint32_t number = 1; number <= SCHEDULES; number++)
        if (only == 0 || only == number)
            run(number);
    route_unref(plain);
    route_unref(with_topic);
    free(queue);
    assert_true(only != 0 || applied > 500); /* inline documents were applied */
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
