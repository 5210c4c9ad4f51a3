/* test_mirror.c -- one mirror: who watches it, what touches it, who asks.
 *
 * How the stage and its journal work is in mirror_stage.h.
 */
#include "mirror_stage.h"

#include "log.h"

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

static void asked_for_a_queued_read(void **state)
{
    (void)state;
    queueing = true;
    begin_clean();
    mirrors_touch(&set, "/a");
    ask("/a", 0);
    HAPPENED("read /a;hasten /a;");
    queueing = false; /* it begins */
    ask("/a", 1);
    reply("/a", "2");
    HAPPENED("answer a 2;publish /a 1 2;read! /a;");
    reply("/a", "2");
    HAPPENED("answer b 2;");
    queueing = true;
    mirrors_touch(&set, "/a");
    advance(1000);
    mirror_redefine(at("/a"), plain); /* of an older definition: not good enough */
    ask("/a", 0);
    reply("/a", "2");
    HAPPENED("read /a;read! /a;");
    reply("/a", "3");
    HAPPENED("answer a 3;publish /a 1 3;");
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
        MIRROR("mirror: one who asks gets a read, and nothing is kept", one_asks),
        MIRROR("mirror: is asked during a read: only a read that begins later answers",
               asked_in_a_read),
        MIRROR("mirror: is asked while clean: reads all the same, at once", asked_of_a_clean_one),
        MIRROR("mirror: the read of one who asks serves touches, too", asked_answers_touches),
        MIRROR("mirror: NULL answers 404, an error its status", asked_for_nothing),
        MIRROR("mirror: a read that is queued is his who asks", asked_for_a_queued_read),
        MIRROR("mirror: one who asks does not wait for the back-off",
               asked_while_throttled_by_failures),
        MIRROR("mirror: a frame's time is that of the oldest change in it", noticing),
        MIRROR("mirror: keeps what the reports tell", reporting),
        MIRROR("mirror: disposing frees all of them and answers nobody", disposed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
