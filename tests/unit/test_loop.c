/* test_loop.c -- loops of several threads that post to each other. */
#include "promise.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include "buffer.h"
#include "loop.h"

enum { LOOPS = 4, LETTERS = 20000 };

struct letter {
    struct message message;
    struct peer *from, *to;
    unsigned number; /* of those between the two, from 0 */
};

struct peer {
    struct loop loop;
    pthread_t thread;
    unsigned expected[LOOPS]; /* the next letter of each peer */
    unsigned index;
    unsigned open;            /* how many peers still write */
    unsigned wrong;           /* letters out of their order */
};

static struct peer peers[LOOPS];
static pthread_barrier_t made; /* all loops are there */

static void on_letter(struct message *message)
{
    struct letter *letter = (struct letter *)message;
    struct peer *to = letter->to;

    to->wrong += letter->number != to->expected[letter->from->index]++;
    if (letter->number + 1 == LETTERS && --to->open == 0)
        loop_stop(&to->loop);
    free(letter);
}

static void write_to(struct peer *from, struct peer *to, unsigned number)
{
    struct letter *letter = must_alloc(sizeof(*letter));
    letter->from = from;
    letter->to = to;
    letter->number = number;
    loop_post(&to->loop, &letter->message, on_letter);
}

/* Writes to everybody; then it is the next one's turn, so that every letter wakes somebody. */
static void write_round(struct message *message)
{
    struct letter *turn = (struct letter *)message;
    struct peer *own = turn->to;

    for (unsigned i = 0; i < LOOPS; ++i)
        write_to(own, &peers[i], turn->number);
    if (own->index == LOOPS - 1)
        ++turn->number;
    turn->to = &peers[(own->index + 1) % LOOPS];
    if (turn->number < LETTERS)
        loop_post(&turn->to->loop, &turn->message, write_round);
    else
        free(turn);
}

static void *run(void *arg)
{
    struct peer *own = arg;

    loop_init(&own->loop);
    pthread_barrier_wait(&made);
    loop_run(&own->loop);
    return NULL;
}

static void letters(void **state)
{
    (void)state;
    pthread_barrier_init(&made, NULL, LOOPS + 1);
    for (unsigned i = 0; i < LOOPS; ++i) {
        peers[i].index = i;
        peers[i].open = LOOPS;
        pthread_create(&peers[i].thread, NULL, run, &peers[i]);
    }
    pthread_barrier_wait(&made);
    struct letter *turn = must_alloc(sizeof(*turn));
    turn->to = &peers[0];
    loop_post(&peers[0].loop, &turn->message, write_round);
    for (unsigned i = 0; i < LOOPS; ++i)
        pthread_join(peers[i].thread, NULL);
    for (unsigned i = 0; i < LOOPS; ++i) {
        assert_int_equal(peers[i].wrong, 0);
        assert_int_equal(peers[i].open, 0);
    }
}

static struct loop timed; /* one of its own: what a loop holds lives as long as the process */

static void on_timer(struct timer *timer)
{
    (void)timer;
    loop_stop(&timed);
}

static void timer(void **state)
{
    struct timer soon = {.fire = on_timer};

    (void)state;
    loop_init(&timed);
    uint64_t before = monotonic_ns(); /* or who is kept from going on here would see it as too early */
    timer_set(&timed.timers, &soon, 10 * NS_PER_MS);
    loop_run(&timed);
    assert_true(monotonic_ns() - before >= 10 * NS_PER_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("loop: mail of many threads arrives, all of it and in order", letters),
        PROMISE("loop: runs its timers", timer),
    };
    alarm(300); /* a letter that gets lost would keep everybody waiting */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
