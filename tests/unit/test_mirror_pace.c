/* test_mirror_pace.c -- when a mirror reads and publishes: intervals, back-off, the database away.
 *
 * How the stage and its journal work is in mirror_stage.h.
 */
#include "mirror_stage.h"

#include <stdio.h>
#include <string.h>

#include "log.h"

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

/* Then the next read is eight seconds away. */
static void fail_five_times(void)
{
    watch("/a", 0);
    for (int i = 0; i < 4; i++) {
        uint64_t since_ms = (now_ns - at("/a")->read_began_ns) / NS_PER_MS;
        fail_read("/a");
        advance((500u << i) - since_ms + 1);
    }
    fail_read("/a");
    advance(10);
    buffer_clear(&journal);
}

static void touched_in_back_off(void **state)
{
    (void)state;
    fail_five_times();
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

/* The write that mends it may be among those that were not heard of. */
static void resynchronised_in_back_off(void **state)
{
    (void)state;
    fail_five_times();
    mirrors_resynchronise(&set); /* not eight seconds later */
    HAPPENED("");
    advance(501);
    HAPPENED("read /a;");
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

int main(void)
{
    log_set_level(LOG_ERROR); /* failures of reads are warnings */
    const struct CMUnitTest tests[] = {
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
        MIRROR("mirror: reads of a function that raises back off, up to 30 s", back_off),
        MIRROR("mirror: a touch begins the back-off anew, and no more", touched_in_back_off),
        MIRROR("mirror: so does a new listening connection", resynchronised_in_back_off),
        MIRROR("mirror: the database away is no failure, its return makes dirty ones read",
               away_is_no_failure),
        MIRROR("mirror: a read lost with the database is made good", lost_before_said),
        MIRROR("mirror: while the database is away only those who ask make it read",
               asked_while_away),
        MIRROR("mirror: resynchronising reads all that is watched, after reads in flight, too",
               resynchronised),
        MIRROR("mirror: is read anyway within the last quarter of the route's time", read_anyway),
        MIRROR("mirror: is read anyway again and again", read_anyway_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
