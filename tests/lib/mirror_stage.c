/* mirror_stage.c -- see mirror_stage.h. */
#include "mirror_stage.h"

#include <string.h>

struct waiter {
    struct mirror_waiter waiter;
    const char *name;
};

uint64_t now_ns;
struct timers timers;
struct mirrors set;
struct buffer journal;
bool queueing;
struct route *plain, *with_topic;
static struct waiter waiters[] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};

static uint64_t clock_ns(void)
{
    return now_ns;
}

static void note_frame(const struct frame *f)
{
    size_t length;
    const char *json = frame_json(f, &length);
    buffer_printf(&journal, " %.*s;", (int)length, json);
}

static void on_read(struct mirror *m, bool somebody_waits)
{
    assert_true(m->reading);
    buffer_printf(&journal, "read%s %s;", somebody_waits ? "!" : "", m->call->key);
}

static void on_publish(struct mirror *m, uint64_t to)
{
    buffer_printf(&journal, "publish %s %d", m->call->key, (int)to);
    note_frame(m->frame);
}

static void on_gone(struct mirror *m, uint64_t to)
{
    buffer_printf(&journal, "gone %s %d;", m->call->key, (int)to);
}

static void on_dropped(struct mirror *m)
{
    buffer_printf(&journal, "dropped %s;", m->call->key);
}

static void on_failed(struct mirror *m, uint64_t to, const struct problem *problem)
{
    buffer_printf(&journal, "failed %s %d %d;", m->call->key, (int)to, problem->status);
}

static bool on_hasten(struct mirror *m)
{
    assert_true(m->reading);
    if (queueing)
        buffer_printf(&journal, "hasten %s;", m->call->key);
    return queueing;
}

static const struct mirror_ops ops = {on_read, on_publish, on_gone, on_dropped, on_failed, on_hasten};

static void on_answer(struct mirror_waiter *waiter, struct frame *frame,
                      const struct problem *problem)
{
    buffer_printf(&journal, "answer %s", ((struct waiter *)waiter)->name);
    if (frame == NULL)
        buffer_printf(&journal, " %d;", problem->status);
    else
        note_frame(frame);
    frame_unref(frame);
}

int stage_setup(void **state)
{
    (void)state;
    queueing = false;
    now_ns = 1000 * NS_PER_S;
    plain = test_route(1);
    with_topic = test_route(2);
    plain->min_interval_ms = with_topic->min_interval_ms = MIN_INTERVAL_MS;
    with_topic->has_topic = true;
    buffer_init(&journal, 1 << 20);
    timers_init(&timers, clock_ns);
    mirrors_init(&set, &timers, &ops, WORKERS, NULL);
    for (size_t i = 0; i < sizeof(waiters) / sizeof(waiters[0]); i++)
        waiters[i].waiter.answer = on_answer;
    return 0;
}

int stage_teardown(void **state)
{
    (void)state;
    mirrors_dispose(&set);
    assert_null(set.by_key);
    assert_null(set.by_topic);
    assert_true(timers_next_ns(&timers) == UINT64_MAX);
    timers_dispose(&timers);
    buffer_dispose(&journal);
    route_unref(plain);
    route_unref(with_topic);
    assert_int_equal(frame_bytes_alive(), 0);
    return 0;
}

void advance(uint64_t ms)
{
    uint64_t end = now_ns + ms * NS_PER_MS;
    while (timers_next_ns(&timers) < end) {
        now_ns = timers_next_ns(&timers) + 1;
        timers_run(&timers);
    }
    now_ns = end;
}

struct mirror *get(struct route *route, const char *key)
{
    struct call *call = test_call(route, key);
    struct mirror *m = mirrors_get(&set, call);
    call_unref(call);
    return m;
}

struct mirror *at(const char *key)
{
    struct mirror *m = mirrors_find(&set, key);
    if (m == NULL)
        fail_msg("there is no mirror of %s", key);
    return m;
}

void watch(const char *key, unsigned worker)
{
    mirror_watch(get(plain, key), worker);
}

void ask_of(struct route *route, const char *key, int waiter)
{
    mirror_ask(get(route, key), &waiters[waiter].waiter);
}

void ask(const char *key, int waiter)
{
    ask_of(plain, key, waiter);
}

void reply_topic(const char *key, const char *json, const char *topic)
{
    char copy[100];
    strcpy(copy, json);
    mirror_read_done(at(key), &(struct mirror_reading){
        .frame = frame_document(NULL, copy, strlen(copy), NULL, NULL, 0), .topic = topic});
}

void reply(const char *key, const char *json)
{
    reply_topic(key, json, NULL);
}

void reply_null(const char *key)
{
    mirror_read_done(at(key), &(struct mirror_reading){.frame = NULL});
}

void fail_read(const char *key)
{
    struct problem problem;
    problem_set(&problem, 500, "It raises", NULL);
    mirror_read_failed(at(key), &problem, false);
}

void lose_read(const char *key)
{
    struct problem problem;
    problem_set(&problem, 503, "The database is away", NULL);
    mirror_read_failed(at(key), &problem, true);
}

void begin_clean(void)
{
    watch("/a", 0);
    reply("/a", "1");
    advance(1000);
    HAPPENED("read /a;publish /a 1 1;");
}
