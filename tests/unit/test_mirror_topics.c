/* test_mirror_topics.c -- what a mirror depends on: topics that a function returns, documents and
 * routes that go away or are defined anew.
 *
 * How the stage and its journal work is in mirror_stage.h.
 */
#include "mirror_stage.h"

#include "log.h"

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
    ask_of(with_topic, "/a", 0);
    mirror_watch(at("/a"), 0); /* the read in flight began before any topic was registered */
    reply_topic("/a", "1", "t");
    HAPPENED("read! /a;answer a 1;publish /a 1 1;");
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("read /a;");
}

static void topic_of_an_asker(void **state)
{
    (void)state;
    ask_of(with_topic, "/a", 0);
    reply_topic("/a", "1", "t");
    HAPPENED("read! /a;answer a 1;dropped /a;"); /* nobody watches: no second read */
    assert_null(set.by_topic);
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

/* The second watcher may come with the answer to the write that made the document. */
static void not_there_yet(void **state)
{
    (void)state;
    watch("/a", 0);
    mirrors_touch(&set, "/a");
    watch("/a", 1);
    ask("/a", 0);
    reply_null("/a"); /* of before the change */
    HAPPENED("read /a;read! /a;");
    reply("/a", "1");
    HAPPENED("answer a 1;publish /a 3 1;");
    advance(1000);
    mirrors_touch(&set, "/a");
    mirrors_touch(&set, "/a");
    reply_null("/a");
    advance(MIN_INTERVAL_MS + 1);
    HAPPENED("read /a;read /a;");
    mirrors_touch(&set, "/a");
    reply_null("/a"); /* but for ever it is not put off */
    HAPPENED("gone /a 3;dropped /a;");
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
    assert_string_equal(mirror_topic(at("/a")), "/a"); /* until it is known better */
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

/* What is announced is heard by who is registered under its topic, and is not kept for others. */
static void redefined_same_topic(void **state)
{
    (void)state;
    struct route *other = test_route(3);
    other->has_topic = true;
    mirror_watch(get(with_topic, "/a"), 0);
    reply_topic("/a", "1", "t");
    advance(1000);
    reply_topic("/a", "1", "t");
    advance(1000);
    HAPPENED("read /a;publish /a 1 1;read /a;");
    mirror_redefine(at("/a"), other);
    assert_string_equal(mirror_topic(at("/a")), "t");
    reply_topic("/a", "1", "t");
    advance(1000);
    HAPPENED("read /a;"); /* and no other: whatever changed meanwhile, it was told */
    mirror_redefine(at("/a"), with_topic);
    mirrors_touch(&set, "t");
    reply_topic("/a", "2", "t");
    advance(1000);
    HAPPENED("read /a;publish /a 1 2;read /a;"); /* but this was */
    reply_topic("/a", "2", "t");
    route_unref(other);
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

int main(void)
{
    log_set_level(LOG_ERROR); /* failures of reads are warnings */
    const struct CMUnitTest tests[] = {
        MIRROR("mirror: a topic that is learned makes it read again", topic_learned),
        MIRROR("mirror: another topic than before makes it read again", topic_moved),
        MIRROR("mirror: a touch reaches all mirrors of the topic, once", topic_shared),
        MIRROR("mirror: a watcher of a read without topic gets one more",
               topic_unknown_to_the_read),
        MIRROR("mirror: a topic that nobody watches is forgotten", topic_of_an_asker),
        MIRROR("mirror: NULL ends its watchers", document_gone),
        MIRROR("mirror: NULL of before a change is not believed, once", not_there_yet),
        MIRROR("mirror: who asked before it was gone is answered by a later read", gone_but_asked),
        MIRROR("mirror: a route that is gone ends watchers and waiters", route_gone),
        MIRROR("mirror: a new definition is read and its options count", redefined),
        MIRROR("mirror: what a read finds under an older definition is not shown",
               redefined_while_reading),
        MIRROR("mirror: a route that was gone and is back is the new one", route_anew),
        MIRROR("mirror: a new definition may have its topic from elsewhere", redefined_topic),
        MIRROR("mirror: a new definition keeps the topic until a read tells another", redefined_same_topic),
        MIRROR("mirror: a new definition ends the back-off", redefined_after_failures),
        MIRROR("mirror: a new definition has its own time to read anyway", redefined_reread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
