/* mirror_stage.h -- a stage for the state machine of a key, on a clock that the test turns.
 *
 * The database is the test: it sees a read begin and answers when it likes. What the mirrors do is
 * noted in a journal, one word after the other, and every test compares all of it:
 *
 *     read /a          a read begins            read! /a    … for which somebody waits
 *     publish /a 3 x   workers 0 and 1 get x    answer b x  the waiter b gets x, or a status
 *     gone /a 1        failed /a 1 500          dropped /a  the mirror has vanished
 *     hasten /a        somebody waits for a read that is queued, as all are while `queueing`
 *
 * Every test has a stage of its own, which must be empty of frames and timers at its end.
 */
#ifndef PGCRIER_TESTS_MIRROR_STAGE_H
#define PGCRIER_TESTS_MIRROR_STAGE_H

#include "promise.h"

#include "calls.h"
#include "mirror.h"

enum { MIN_INTERVAL_MS = 50, WORKERS = 3 };

extern uint64_t now_ns;
extern struct timers timers;
extern struct mirrors set;
extern struct buffer journal;
extern bool queueing;
extern struct route *plain, *with_topic; /* of the calls that watch() and ask() make */

int stage_setup(void **state);
int stage_teardown(void **state);

/* Lets time go by, and timers fire. */
void advance(uint64_t ms);

/* The mirror of a key, made where there is none yet; the one that there must be. */
struct mirror *get(struct route *route, const char *key);
struct mirror *at(const char *key);

/* Worker and waiter by number: the waiters are called a, b and c. */
void watch(const char *key, unsigned worker);
void ask(const char *key, int waiter);
void ask_of(struct route *route, const char *key, int waiter);

/* How the read in flight ends: with a document (and its topic), NULL, an error, no database. */
void reply(const char *key, const char *json);
void reply_topic(const char *key, const char *json, const char *topic);
void reply_null(const char *key);
void fail_read(const char *key);
void lose_read(const char *key);

/* A clean mirror of /a that worker 0 watches, long enough ago for no throttle to matter. */
void begin_clean(void);

/* Compares the journal since the last comparison. */
#define HAPPENED(text)                                                                             \
    do {                                                                                           \
        assert_string_equal(journal.length > 0 ? journal.bytes : "", text);                        \
        buffer_clear(&journal);                                                                    \
    } while (0)

#define MIRROR(sentence, function) {sentence, function, stage_setup, stage_teardown, NULL}

#endif
