/* test_mirror.c -- the state machine of a key, on a clock that the test turns.
 *
 * The database is the test: it sees a read begin and answers when it likes. What the mirror does is
 * noted in a journal, one word after the other, and every test compares all of it:
 *
 *     read /a          a read begins            read! /a    … for which somebody waits
 *     publish /a 3 x   workers 0 and 1 get x    answer b x  the waiter b gets x, or a status
 *     gone /a 1        failed /a 1 500          dropped /a  the mirror has vanished
 */
#include "promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "log.h"
#include "mirror.h"

enum { MIN_INTERVAL_MS = 50, WORKERS = 3 };

struct waiter {
    struct mirror_waiter waiter;
    const char *name;
};

static uint64_t now_ns;
static struct timers timers;
static struct mirrors set;
static struct buffer journal;
static struct route *plain, *with_topic; /* of the calls that watch() and ask() make */
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

static const struct mirror_ops ops = {on_read, on_publish, on_gone, on_dropped, on_failed};

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

static int setup(void **state)
{
    (void)state;
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

static int teardown(void **state)
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

static void advance(uint64_t ms)
{
    uint64_t end = now_ns + ms * NS_PER_MS;
    while (timers_next_ns(&timers) < end) {
        now_ns = timers_next_ns(&timers) + 1;
        timers_run(&timers);
    }
    now_ns = end;
}

/* Compares the journal since the last comparison. */
#define HAPPENED(text)                                                                             \
    do {                                                                                           \
        assert_string_equal(journal.length > 0 ? journal.bytes : "", text);                        \
        buffer_clear(&journal);                                                                    \
    } while (0)

static struct mirror *get(struct route *route, const char *key)
{
    struct call *call = test_call(route, key);
    struct mirror *m = mirrors_get(&set, call);
    call_unref(call);
    return m;
}

static struct mirror *at(const char *key)
{
    struct mirror *m = mirrors_find(&set, key);
    if (m == NULL)
        fail_msg("there is no mirror of %s", key);
    return m;
}

static void watch(const char *key, unsigned worker)
{
    mirror_watch(get(plain, key), worker);
}

static void ask(const char *key, int waiter)
{
    mirror_ask(get(plain, key), &waiters[waiter].waiter);
}

static void reply_topic(const char *key, const char *json, const char *topic)
{
    char copy[100];
    strcpy(copy, json);
    mirror_read_done(at(key), &(struct mirror_reading){
        .frame = frame_document(NULL, copy, strlen(copy), NULL, NULL, 0), .topic = topic});
}

static void reply(const char *key, const char *json)
{
    reply_topic(key, json, NULL);
}

static void reply_null(const char *key)
{
    mirror_read_done(at(key), &(struct mirror_reading){.frame = NULL});
}

static void fail_read(const char *key)
{
    struct problem problem;
    problem_set(&problem, 500, "It raises", NULL);
    mirror_read_failed(at(key), &problem, false);
}

static void lose_read(const char *key)
{
    struct problem problem;
    problem_set(&problem, 503, "The database is away", NULL);
    mirror_read_failed(at(key), &problem, true);
}

/* A clean mirror of /a that worker 0 watches, long enough ago for no throttle to matter. */
static void begin_clean(void)
{
    watch("/a", 0);
    reply("/a", "1");
    advance(1000);
    HAPPENED("read /a;publish /a 1 1;");
}

/* -- watchers -- */

static void one_watcher(void **state)
{
    (void)state;
    watch("/a", 0);
    HAPPENED("read /a;");
    reply("/a", "1");
    HAPPENED("publish /a 1 1;");
    advance(100000);
    HAPPENED(""); /* clean */
    mirror_unwatch(at("/a"), 0);
    HAPPENED("dropped /a;");
    assert_null(mirrors_find(&set, "/a"));
}

static void more_watchers(void **state)
{
    (void)state;
    watch("/a", 0);
    watch("/a", 2); /* during the read: one read for both */
    HAPPENED("read /a;");
    reply("/a", "1");
    HAPPENED("publish /a 5 1;");
    watch("/a", 1);
    HAPPENED("publish /a 2 1;"); /* from the frame that is there */
    mirror_unwatch(at("/a"), 0);
    mirror_unwatch(at("/a"), 0); /* said twice */
    advance(1000);
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    HAPPENED("read /a;publish /a 6 2;");
    mirror_unwatch(at("/a"), 1);
    mirror_unwatch(at("/a"), 2);
    HAPPENED("dropped /a;");
}

static void unchanged(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    reply("/a", "1");
    HAPPENED("read /a;");
    advance(1000);
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    advance(1000);
    mirrors_touch(&set, "/a");
    reply("/a", "1"); /* back to an older state is a change */
    HAPPENED("read /a;publish /a 1 2;read /a;publish /a 1 1;");
}

static void leaving_in_a_read(void **state)
{
    (void)state;
    watch("/a", 0);
    mirror_unwatch(at("/a"), 0);
    HAPPENED("read /a;"); /* it stays until the read is over */
    reply("/a", "1");
    HAPPENED("dropped /a;");
    watch("/a", 0);
    mirror_unwatch(at("/a"), 0);
    watch("/a", 1); /* the read in flight began under its topic: it will do */
    reply("/a", "1");
    HAPPENED("read /a;publish /a 2 1;");
    advance(1000);
    HAPPENED("");
}

static void leaving_and_touched(void **state)
{
    (void)state;
    watch("/a", 0);
    mirror_unwatch(at("/a"), 0);
    mirrors_touch(&set, "/a");
    watch("/a", 1);
    reply("/a", "1");
    HAPPENED("read /a;publish /a 2 1;");
    advance(MIN_INTERVAL_MS + 1);
    reply("/a", "2");
    HAPPENED("read /a;publish /a 2 2;");
}

static void nothing_kept(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    mirror_unwatch(at("/a"), 0); /* reading: the mirror stays, its frame goes */
    assert_int_equal(frame_bytes_alive(), 0);
    watch("/a", 1);
    HAPPENED("read /a;"); /* nothing old is shown */
    reply("/a", "2");
    HAPPENED("publish /a 2 2;");
}

/* -- touches -- */

static void touched(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/b");
    mirrors_touch(&set, "a");
    mirrors_touch(&set, "/a/");
    mirrors_touch(&set, "");
    HAPPENED("");
    mirrors_touch(&set, "/a");
    HAPPENED("read /a;"); /* the first change goes out at once */
    reply("/a", "2");
    HAPPENED("publish /a 1 2;");
}

static void touched_in_a_read(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    for (int i = 0; i < 10; i++)
        mirrors_touch(&set, "/a");
    HAPPENED("read /a;"); /* one in flight */
    reply("/a", "2");
    HAPPENED("publish /a 1 2;");
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("read /a;"); /* one more, whatever the number of touches */
    reply("/a", "3");
    advance(1000);
    HAPPENED("publish /a 1 3;");
}

static void touched_during_a_slow_read(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    advance(10 * MIN_INTERVAL_MS);
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    HAPPENED("read /a;publish /a 1 2;read /a;"); /* the interval is over: at once */
}

static void touched_during_every_read(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    for (int i = 0; i < 5; i++) {
        mirrors_touch(&set, "/a");
        reply("/a", "2");
        advance(MIN_INTERVAL_MS + 1);
    }
    HAPPENED("read /a;publish /a 1 2;read /a;read /a;read /a;read /a;read /a;");
}

static void touched_queries(void **state)
{
    (void)state;
    watch("/a", 0);
    watch("/a?limit=1", 0);
    watch("/a?limit=2", 1);
    watch("/b", 1);
    HAPPENED("read /a;read /a?limit=1;read /a?limit=2;read /b;");
    reply("/a", "1");
    reply("/a?limit=1", "1");
    reply("/a?limit=2", "1");
    reply("/b", "1");
    advance(1000);
    buffer_clear(&journal);
    mirrors_touch(&set, "/a");
    HAPPENED("read /a;read /a?limit=1;read /a?limit=2;");
    mirrors_touch(&set, "/a?limit=1"); /* no topic */
    HAPPENED("");
}

static void touched_by_template(void **state)
{
    (void)state;
    const char *err;
    struct path_template *template = path_template_parse("/a/{id}", &err);
    watch("/a/1", 0);
    watch("/a/2?x=y", 0);
    watch("/b/1", 0);
    watch("/a", 0);
    mirror_watch(get(with_topic, "/a/3"), 0); /* its topic is not known: it is being read anyway */
    reply("/a/1", "1");
    reply("/a/2?x=y", "1");
    reply("/b/1", "1");
    reply("/a", "1");
    advance(1000);
    buffer_clear(&journal);
    mirrors_touch_template(&set, template);
    HAPPENED("read /a/1;read /a/2?x=y;");
    path_template_free(template);
}

/* -- throttle -- */

static void hot_key(void **state)
{
    (void)state;
    begin_clean();
    uint64_t start = now_ns;
    int reads = 0;
    char json[20];
    for (int ms = 0; ms < 1000; ms++) { /* touched every millisecond, reads take none */
        mirrors_touch(&set, "/a");
        if (at("/a")->reading) {
            snprintf(json, sizeof(json), "[%d]", ms);
            reply("/a", json);
            reads++;
        }
        advance(1);
    }
    assert_int_equal(now_ns - start, 1000 * NS_PER_MS);
    assert_in_range(reads, 19, 21);
    advance(MIN_INTERVAL_MS);
    reply("/a", "\"last\"");
    advance(MIN_INTERVAL_MS);
    assert_non_null(strstr(journal.bytes, "publish /a 1 \"last\";")); /* the last one always */
    buffer_clear(&journal);
    advance(100000);
    HAPPENED("");
}

static void read_interval(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    mirrors_touch(&set, "/a");
    HAPPENED("read /a;publish /a 1 2;");
    advance(MIN_INTERVAL_MS - 1);
    HAPPENED("");
    advance(2);
    HAPPENED("read /a;");
}

static void publish_interval(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    advance(30);
    reply("/a", "2"); /* published 30 ms after its read began */
    mirrors_touch(&set, "/a");
    advance(21);
    reply("/a", "3"); /* a fast read: 21 ms after that */
    HAPPENED("read /a;publish /a 1 2;read /a;");
    advance(MIN_INTERVAL_MS - 22);
    HAPPENED("");
    advance(2);
    HAPPENED("publish /a 1 3;");
}

static void two_things_due(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    advance(30);
    reply("/a", "2"); /* at 30: the next publication is due at 80 */
    mirrors_touch(&set, "/a");
    advance(21);
    reply("/a", "3"); /* at 51 */
    mirrors_touch(&set, "/a"); /* this read is due at 100 */
    HAPPENED("read /a;publish /a 1 2;read /a;");
    advance(30);
    HAPPENED("publish /a 1 3;");
    advance(20);
    HAPPENED("read /a;");
}

static void only_newest_published(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    HAPPENED("read /a;publish /a 1 2;");
    ask("/a", 0);
    reply("/a", "3");
    ask("/a", 0);
    reply("/a", "4");
    HAPPENED("read! /a;answer a 3;read! /a;answer a 4;"); /* answers are not throttled */
    watch("/a", 1);
    HAPPENED("publish /a 2 4;"); /* a newcomer is not, either */
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("publish /a 3 4;");
}

static void back_to_the_published(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    ask("/a", 0);
    reply("/a", "3");
    ask("/a", 0);
    reply("/a", "2");
    HAPPENED("read /a;publish /a 1 2;read! /a;answer a 3;read! /a;answer a 2;");
    advance(1000);
    mirrors_touch(&set, "/a");
    reply("/a", "4");
    HAPPENED("publish /a 1 2;read /a;publish /a 1 4;"); /* subscribers know 2 by its id */
}

static void no_interval(void **state)
{
    (void)state;
    plain->min_interval_ms = 0;
    begin_clean();
    mirrors_touch(&set, "/a");
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    reply("/a", "3");
    HAPPENED("read /a;publish /a 1 2;read /a;publish /a 1 3;");
}

/* -- waiters -- */

static void one_asks(void **state)
{
    (void)state;
    ask("/a", 0);
    HAPPENED("read! /a;");
    reply("/a", "1");
    HAPPENED("answer a 1;dropped /a;");
    assert_int_equal(frame_bytes_alive(), 0);
}

static void asked_in_a_read(void **state)
{
    (void)state;
    ask("/a", 0);
    ask("/a", 1);
    ask("/a", 2);
    HAPPENED("read! /a;");
    reply("/a", "1"); /* it began before b and c asked */
    HAPPENED("answer a 1;read! /a;");
    ask("/a", 0);
    reply("/a", "2"); /* one read for all who asked meanwhile */
    HAPPENED("answer b 2;answer c 2;read! /a;");
    reply("/a", "3");
    HAPPENED("answer a 3;dropped /a;");
}

static void asked_of_a_clean_one(void **state)
{
    (void)state;
    begin_clean();
    ask("/a", 0);
    HAPPENED("read! /a;"); /* a frame that was read before does not do */
    reply("/a", "2");
    HAPPENED("answer a 2;publish /a 1 2;");
    ask("/a", 1);
    HAPPENED("read! /a;"); /* unthrottled */
    reply("/a", "2");
    HAPPENED("answer b 2;");
}

static void asked_answers_touches(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    mirrors_touch(&set, "/a"); /* throttled */
    ask("/a", 0);
    HAPPENED("read /a;publish /a 1 2;read! /a;");
    reply("/a", "3"); /* serves the touch, too */
    HAPPENED("answer a 3;");
    advance(1000);
    HAPPENED("publish /a 1 3;");
}

static void asked_for_nothing(void **state)
{
    (void)state;
    ask("/a", 0);
    ask("/a", 1);
    reply_null("/a");
    fail_read("/a");
    HAPPENED("read! /a;answer a 404;read! /a;answer b 500;dropped /a;");
}

static void asked_while_throttled_by_failures(void **state)
{
    (void)state;
    watch("/a", 0);
    fail_read("/a");
    ask("/a", 0);
    reply("/a", "1");
    HAPPENED("read /a;failed /a 1 500;read! /a;answer a 1;publish /a 1 1;");
}

/* -- topics that a function returns -- */

static void topic_learned(void **state)
{
    (void)state;
    mirror_watch(get(with_topic, "/a"), 0);
    assert_null(mirror_topic(at("/a")));
    mirrors_touch(&set, "t"); /* missed: nobody knows that it is ours */
    reply_topic("/a", "1", "t");
    HAPPENED("read /a;publish /a 1 1;");
    assert_string_equal(mirror_topic(at("/a")), "t");
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("read /a;"); /* once more, now that changes are heard of */
    reply_topic("/a", "2", "t");
    advance(1000);
    HAPPENED("publish /a 1 2;");
    mirrors_touch(&set, "/a"); /* its path is no topic of it */
    HAPPENED("");
    mirrors_touch(&set, "t");
    HAPPENED("read /a;");
}

static void topic_moved(void **state)
{
    (void)state;
    mirror_watch(get(with_topic, "/a"), 0);
    reply_topic("/a", "1", "t");
    advance(1000);
    reply_topic("/a", "1", "t");
    advance(1000);
    buffer_clear(&journal);
    mirrors_touch(&set, "t");
    reply_topic("/a", "2", "u"); /* another topic than before: one more */
    HAPPENED("read /a;publish /a 1 2;");
    advance(MIN_INTERVAL_MS + 1);
    reply_topic("/a", "2", "u");
    HAPPENED("read /a;");
    advance(1000);
    mirrors_touch(&set, "t");
    HAPPENED("");
    mirrors_touch(&set, "u");
    reply_topic("/a", "3", "u");
    HAPPENED("read /a;publish /a 1 3;");
    advance(1000);
    mirrors_touch(&set, "u");
    reply_topic("/a", "3", NULL); /* a topic of NULL: nobody can touch it */
    HAPPENED("read /a;");
    assert_null(mirror_topic(at("/a")));
    mirrors_touch(&set, "u");
    HAPPENED("");
}

static void topic_shared(void **state)
{
    (void)state;
    mirror_watch(get(with_topic, "/a"), 0);
    mirror_watch(get(with_topic, "/b"), 0);
    watch("/c", 0);
    reply_topic("/a", "1", "/c");
    reply_topic("/b", "1", "/c");
    reply("/c", "1");
    advance(1000);
    reply_topic("/a", "1", "/c");
    reply_topic("/b", "1", "/c");
    advance(1000);
    buffer_clear(&journal);
    mirrors_touch(&set, "/c");
    HAPPENED("read /c;read /a;read /b;"); /* every one of them, once */
    reply("/c", "1");
    reply_topic("/a", "1", "/c");
    reply_topic("/b", "1", "/d");
    advance(1000);
    HAPPENED("read /b;"); /* a new topic */
    mirror_unwatch(at("/c"), 0);
    reply_topic("/b", "1", "/d");
    advance(1000);
    HAPPENED("dropped /c;");
    mirrors_touch(&set, "/c");
    mirrors_touch(&set, "/d");
    HAPPENED("read /a;read /b;");
}

static void topic_unknown_to_the_read(void **state)
{
    (void)state;
    mirror_ask(get(with_topic, "/a"), &waiters[0].waiter);
    mirror_watch(at("/a"), 0); /* the read in flight began before any topic was registered */
    reply_topic("/a", "1", "t");
    HAPPENED("read! /a;answer a 1;publish /a 1 1;");
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("read /a;");
}

static void topic_of_an_asker(void **state)
{
    (void)state;
    mirror_ask(get(with_topic, "/a"), &waiters[0].waiter);
    reply_topic("/a", "1", "t");
    HAPPENED("read! /a;answer a 1;dropped /a;"); /* nobody watches: no second read */
    assert_null(set.by_topic);
}

/* -- failures -- */

static void back_off(void **state)
{
    (void)state;
    static const uint64_t waits_ms[] = {500,  1000,  2000,  4000,  8000,
                                        16000, 30000, 30000, 30000, 30000};
    watch("/a", 0);
    HAPPENED("read /a;");
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        fail_read("/a");
        HAPPENED("failed /a 1 500;");
        uint64_t since_ms = (now_ns - at("/a")->read_began_ns) / NS_PER_MS;
        advance(waits_ms[i] - since_ms - 2);
        HAPPENED("");
        advance(3);
        HAPPENED("read /a;");
    }
    for (int i = 0; i < 100; i++) { /* an hour later */
        fail_read("/a");
        advance(31000);
    }
    buffer_clear(&journal);
    reply("/a", "1");
    advance(100000);
    mirrors_touch(&set, "/a");
    fail_read("/a");
    HAPPENED("publish /a 1 1;read /a;"); /* the last good document stays: nothing to tell */
    advance(501);
    HAPPENED("read /a;"); /* from the beginning again */
}

static void touched_in_back_off(void **state)
{
    (void)state;
    watch("/a", 0);
    for (int i = 0; i < 4; i++) {
        uint64_t since_ms = (now_ns - at("/a")->read_began_ns) / NS_PER_MS;
        fail_read("/a");
        advance((500u << i) - since_ms + 1);
    }
    fail_read("/a");
    advance(10);
    buffer_clear(&journal);
    mirrors_touch(&set, "/a"); /* the write that mends it: not eight seconds later */
    HAPPENED("");
    advance(500);
    HAPPENED("read /a;");
    fail_read("/a");
    for (int i = 0; i < 1000; i++) { /* but no more than two reads a second, whatever is written */
        mirrors_touch(&set, "/a");
        advance(1);
        if (at("/a")->reading)
            fail_read("/a");
    }
    HAPPENED("failed /a 1 500;read /a;failed /a 1 500;read /a;failed /a 1 500;");
}

static void away_is_no_failure(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    mirrors_set_away(&set, true);
    lose_read("/a");
    HAPPENED("read /a;");
    advance(100000);
    mirrors_touch(&set, "/a");
    mirrors_resynchronise(&set);
    HAPPENED("");
    mirrors_set_away(&set, false);
    HAPPENED("read /a;");
    reply("/a", "2");
    HAPPENED("publish /a 1 2;");
}

static void lost_before_said(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    lose_read("/a");
    mirrors_set_away(&set, true);
    advance(100000);
    HAPPENED("read /a;");
    mirrors_set_away(&set, false);
    HAPPENED("read /a;"); /* the change is not forgotten */
}

static void asked_while_away(void **state)
{
    (void)state;
    mirrors_set_away(&set, true);
    watch("/a", 0);
    HAPPENED("");
    ask("/a", 0);
    HAPPENED("read! /a;"); /* the pool decides how long to try */
    lose_read("/a");
    HAPPENED("answer a 503;");
    advance(1000);
    mirrors_set_away(&set, false);
    HAPPENED("read /a;");
}

/* -- resynchronising and reading anyway -- */

static void resynchronised(void **state)
{
    (void)state;
    watch("/a", 0);
    watch("/b", 1);
    mirror_watch(get(with_topic, "/c"), 0);
    reply("/a", "1");
    reply_topic("/c", "1", "t");
    advance(1000);
    reply_topic("/c", "1", "t");
    advance(1000);
    buffer_clear(&journal);
    mirrors_resynchronise(&set); /* /b is being read: that read may have begun before we listened */
    HAPPENED("read /a;read /c;");
    reply("/b", "1");
    HAPPENED("publish /b 2 1;read /b;");
}

static void read_anyway(void **state)
{
    (void)state;
    plain->reread_ms = 60000;
    watch("/a", 0);
    reply("/a", "1");
    HAPPENED("read /a;publish /a 1 1;");
    for (int i = 0; i < 20; i++) {
        advance(44999);
        HAPPENED("");
        advance(15002); /* spread over the last quarter */
        HAPPENED("read /a;");
        reply("/a", "1");
        mirror_unwatch(at("/a"), 0);
        HAPPENED("dropped /a;");
        watch("/a", 0);
        reply("/a", "1");
        HAPPENED("read /a;publish /a 1 1;");
    }
    mirror_unwatch(at("/a"), 0);
    HAPPENED("dropped /a;");
    advance(200000);
    HAPPENED("");
}

static void read_anyway_and_again(void **state)
{
    (void)state;
    plain->reread_ms = 1000;
    watch("/a", 0);
    reply("/a", "1");
    buffer_clear(&journal);
    int reads = 0;
    for (int i = 0; i < 100; i++) {
        advance(100);
        if (at("/a")->reading) {
            reply("/a", "1");
            reads++;
        }
    }
    assert_in_range(reads, 9, 14);
}

/* -- endings -- */

static void document_gone(void **state)
{
    (void)state;
    begin_clean();
    watch("/a", 1);
    ask("/a", 0);
    reply_null("/a");
    HAPPENED("publish /a 2 1;read! /a;answer a 404;gone /a 3;dropped /a;");
    assert_int_equal(frame_bytes_alive(), 0);
}

static void gone_but_asked(void **state)
{
    (void)state;
    begin_clean();
    mirrors_touch(&set, "/a");
    ask("/a", 0);
    reply_null("/a");
    HAPPENED("read /a;gone /a 1;read! /a;");
    watch("/a", 0); /* somebody comes for whom it is not gone */
    reply("/a", "1");
    HAPPENED("answer a 1;publish /a 1 1;");
}

static void route_gone(void **state)
{
    (void)state;
    begin_clean();
    mirror_end(at("/a"));
    HAPPENED("gone /a 1;dropped /a;");
    begin_clean();
    mirrors_touch(&set, "/a");
    ask("/a", 0);
    mirror_end(at("/a"));
    HAPPENED("read /a;gone /a 1;answer a 404;"); /* the read in flight keeps it */
    reply("/a", "2");
    HAPPENED("dropped /a;");
}

static void redefined(void **state)
{
    (void)state;
    struct route *other = test_route(1);
    other->min_interval_ms = 10;
    begin_clean();
    mirror_redefine(at("/a"), other);
    HAPPENED("read /a;");
    assert_ptr_equal(at("/a")->call->route, other);
    reply("/a", "2");
    HAPPENED("publish /a 1 2;");
    mirrors_touch(&set, "/a");
    advance(11);
    HAPPENED("read /a;"); /* the new interval */
    mirror_redefine(at("/a"), plain); /* during a read: that one had the old definition */
    reply("/a", "2");
    HAPPENED("");
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("read /a;");
    route_unref(other);
}

static void redefined_while_reading(void **state)
{
    (void)state;
    struct route *other = test_route(3);
    other->min_interval_ms = MIN_INTERVAL_MS;
    watch("/a", 0);
    ask("/a", 0);
    mirror_redefine(at("/a"), other);
    HAPPENED("read /a;");
    reply("/a", "old"); /* nobody who asked had this read; it shows nothing to who watches */
    HAPPENED("read! /a;");
    reply("/a", "new");
    HAPPENED("answer a new;publish /a 1 new;");
    mirrors_touch(&set, "/a");
    advance(1000);
    mirror_redefine(at("/a"), plain);
    HAPPENED("read /a;");
    reply_null("/a"); /* what the old definition did not find, the new one may */
    HAPPENED("read /a;");
    mirror_redefine(at("/a"), other);
    fail_read("/a"); /* nor is its failure the new one's: no back-off */
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("read /a;");
    route_unref(other);
}

/* A read in flight keeps a mirror whose route is gone; who comes then has a route of his own. */
static void route_anew(void **state)
{
    (void)state;
    struct route *other = test_route(3);
    begin_clean();
    mirrors_touch(&set, "/a");
    mirror_end(at("/a"));
    HAPPENED("read /a;gone /a 1;");
    mirror_watch(get(other, "/a"), 1);
    assert_ptr_equal(at("/a")->call->route, other);
    reply("/a", "old");
    advance(1000);
    HAPPENED("read /a;");
    reply("/a", "new");
    HAPPENED("publish /a 2 new;");
    route_unref(other);
}

static void redefined_topic(void **state)
{
    (void)state;
    begin_clean();
    mirror_redefine(at("/a"), with_topic);
    assert_null(mirror_topic(at("/a")));
    reply_topic("/a", "1", "t");
    HAPPENED("read /a;");
    advance(MIN_INTERVAL_MS + 1);
    reply_topic("/a", "1", "t");
    HAPPENED("read /a;");
    advance(1000);
    mirrors_touch(&set, "/a");
    HAPPENED("");
    mirror_redefine(at("/a"), plain);
    reply("/a", "1");
    advance(1000);
    mirrors_touch(&set, "t");
    HAPPENED("read /a;");
    mirrors_touch(&set, "/a");
    HAPPENED("read /a;");
}

static void redefined_after_failures(void **state)
{
    (void)state;
    watch("/a", 0);
    fail_read("/a");
    advance(501);
    fail_read("/a"); /* a second is to pass now */
    HAPPENED("read /a;failed /a 1 500;read /a;failed /a 1 500;");
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("");
    mirror_redefine(at("/a"), plain); /* somebody mended the function */
    HAPPENED("read /a;");
}

static void redefined_reread(void **state)
{
    (void)state;
    struct route *other = test_route(1);
    begin_clean();
    other->reread_ms = 1000;
    mirror_redefine(at("/a"), other);
    reply("/a", "1");
    HAPPENED("read /a;");
    advance(1001);
    HAPPENED("read /a;");
    reply("/a", "1");
    mirror_redefine(at("/a"), plain); /* which never reads anyway */
    advance(200);
    reply("/a", "1");
    HAPPENED("read /a;");
    advance(5000);
    HAPPENED("");
    route_unref(other);
}

/* -- what else is known of a mirror -- */

static void noticing(void **state)
{
    (void)state;
    begin_clean();
    assert_true(at("/a")->read_noticed_ns == 0); /* nothing announced the first read */
    uint64_t first = now_ns;
    mirrors_touch(&set, "/a");
    assert_true(at("/a")->read_noticed_ns == first);
    advance(5);
    uint64_t second = now_ns;
    mirrors_touch(&set, "/a");
    advance(5);
    mirrors_touch(&set, "/a");
    reply("/a", "2");
    advance(1000);
    assert_true(at("/a")->read_noticed_ns == second); /* the oldest that was unread */
    reply("/a", "3");
    ask("/a", 0);
    assert_true(at("/a")->read_noticed_ns == 0);
}

static void reporting(void **state)
{
    (void)state;
    watch("/a", 0);
    struct mirror *m = at("/a");
    assert_true(m->notified_at_ms == 0 && m->read_at_ms == 0 && m->report_due);
    m->report_due = false;
    mirror_count(m, 0, 3);
    mirror_count(m, 2, 4);
    assert_true(m->report_due);
    assert_int_equal(mirror_subscribers(m), 7);
    mirror_count(m, 0, 1);
    assert_int_equal(mirror_subscribers(m), 5);
    m->report_due = false;
    fail_read("/a");
    assert_true(m->report_due && m->error.status == 500 && m->read_at_ms == 0);
    advance(1000);
    m->report_due = false;
    reply("/a", "1");
    assert_true(m->report_due && m->error.status == 0 && m->read_at_ms > 0);
    m->report_due = false;
    mirrors_touch(&set, "/a");
    assert_true(m->report_due && m->notified_at_ms > 0);
    watch("/a", 2);
    mirror_unwatch(m, 2);
    assert_int_equal(mirror_subscribers(m), 1);
}

static void disposed(void **state)
{
    (void)state;
    watch("/a", 0); /* reading */
    ask("/a", 0);
    watch("/b", 0);
    reply("/b", "1");
    mirror_watch(get(with_topic, "/c"), 0);
    reply_topic("/c", "1", "t");
    mirrors_touch(&set, "t"); /* waits for its interval */
    buffer_clear(&journal);
    mirrors_dispose(&set);
    HAPPENED("dropped /a;dropped /b;dropped /c;");
}

#define MIRROR(sentence, function) {sentence, function, setup, teardown, NULL}

int main(void)
{
    log_set_level(LOG_ERROR); /* failures of reads are warnings */
    const struct CMUnitTest tests[] = {
        MIRROR("mirror: the first watcher makes it read, the last one takes it away", one_watcher),
        MIRROR("mirror: one read serves all watchers, later ones start from its frame",
               more_watchers),
        MIRROR("mirror: an unchanged document is not published again", unchanged),
        MIRROR("mirror: lives until its read is over, which serves who comes meanwhile",
               leaving_in_a_read),
        MIRROR("mirror: hears touches also while nobody watches but a read is in flight",
               leaving_and_touched),
        MIRROR("mirror: keeps no frame that nobody keeps fresh", nothing_kept),
        MIRROR("mirror: a touch of its topic makes it read at once", touched),
        MIRROR("mirror: any touches during a read cause exactly one more after it",
               touched_in_a_read),
        MIRROR("mirror: the one more begins at once when the read was slow",
               touched_during_a_slow_read),
        MIRROR("mirror: a touch during every read causes a read after every read",
               touched_during_every_read),
        MIRROR("mirror: a touch reaches all query variants", touched_queries),
        MIRROR("mirror: a template touches every topic that fits", touched_by_template),
        MIRROR("mirror: a hot key is read once per interval, and the last change always", hot_key),
        MIRROR("mirror: a read that nobody waits for waits for its interval", read_interval),
        MIRROR("mirror: documents are published no closer than the interval", publish_interval),
        MIRROR("mirror: of a publication and a read that are due the sooner comes first",
               two_things_due),
        MIRROR("mirror: what waits to be published is replaced by what is newer",
               only_newest_published),
        MIRROR("mirror: back to what was published, the next change goes out all the same",
               back_to_the_published),
        MIRROR("mirror: without an interval nothing waits", no_interval),
        MIRROR("mirror: one who asks gets a read, and nothing is kept", one_asks),
        MIRROR("mirror: is asked during a read: only a read that begins later answers",
               asked_in_a_read),
        MIRROR("mirror: is asked while clean: reads all the same, at once", asked_of_a_clean_one),
        MIRROR("mirror: the read of one who asks serves touches, too", asked_answers_touches),
        MIRROR("mirror: NULL answers 404, an error its status", asked_for_nothing),
        MIRROR("mirror: one who asks does not wait for the back-off",
               asked_while_throttled_by_failures),
        MIRROR("mirror: a topic that is learned makes it read again", topic_learned),
        MIRROR("mirror: another topic than before makes it read again", topic_moved),
        MIRROR("mirror: a touch reaches all mirrors of the topic, once", topic_shared),
        MIRROR("mirror: a watcher of a read without topic gets one more",
               topic_unknown_to_the_read),
        MIRROR("mirror: a topic that nobody watches is forgotten", topic_of_an_asker),
        MIRROR("mirror: reads of a function that raises back off, up to 30 s", back_off),
        MIRROR("mirror: a touch begins the back-off anew, and no more", touched_in_back_off),
        MIRROR("mirror: the database away is no failure, its return makes dirty ones read",
               away_is_no_failure),
        MIRROR("mirror: a read lost with the database is made good", lost_before_said),
        MIRROR("mirror: while the database is away only those who ask make it read",
               asked_while_away),
        MIRROR("mirror: resynchronising reads all that is watched, after reads in flight, too",
               resynchronised),
        MIRROR("mirror: is read anyway within the last quarter of the route's time", read_anyway),
        MIRROR("mirror: is read anyway again and again", read_anyway_and_again),
        MIRROR("mirror: NULL ends its watchers", document_gone),
        MIRROR("mirror: who asked before it was gone is answered by a later read", gone_but_asked),
        MIRROR("mirror: a route that is gone ends watchers and waiters", route_gone),
        MIRROR("mirror: a new definition is read and its options count", redefined),
        MIRROR("mirror: what a read finds under an older definition is not shown",
               redefined_while_reading),
        MIRROR("mirror: a route that was gone and is back is the new one", route_anew),
        MIRROR("mirror: a new definition may have its topic from elsewhere", redefined_topic),
        MIRROR("mirror: a new definition ends the back-off", redefined_after_failures),
        MIRROR("mirror: a new definition has its own time to read anyway", redefined_reread),
        MIRROR("mirror: a frame's time is that of the oldest change in it", noticing),
        MIRROR("mirror: keeps what the reports tell", reporting),
        MIRROR("mirror: disposing frees all of them and answers nobody", disposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
