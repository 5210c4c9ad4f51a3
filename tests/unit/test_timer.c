/* test_timer.c -- one-shot timers, on a clock that the test turns. */
#include "promise.h"

#include <string.h>
#include "timer.h"

enum { MANY = 300 };

static uint64_t now_ns;

static uint64_t clock_ns(void)
{
    return now_ns;
}

struct bell {
    struct timer timer;
    int rung;
    uint64_t expected_ns; /* when it should ring; 0: never */
};

static struct timers timers;
static struct bell bells[MANY];
static uint64_t last_rung_ns;
static int rings, changes;

static void on_ring(struct timer *timer)
{
    struct bell *bell = (struct bell *)timer;
    assert_false(timer_is_set(timer)); /* so that it may set itself again */
    assert_true(timer->at_ns >= last_rung_ns);
    last_rung_ns = timer->at_ns;
    bell->rung++;
    rings++;
}

static int setup(void **state)
{
    (void)state;
    now_ns = 1000 * NS_PER_S;
    last_rung_ns = 0;
    rings = changes = 0;
    memset(bells, 0, sizeof(bells));
    for (int i = 0; i < MANY; i++)
        bells[i].timer.fire = on_ring;
    timers_init(&timers, clock_ns);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    timers_dispose(&timers);
    return 0;
}

static void run_at(uint64_t ns)
{
    now_ns = ns;
    timers_run(&timers);
}

static void on_time(void **state)
{
    (void)state;
    uint64_t start = now_ns;
    assert_true(timers_next_ns(&timers) == UINT64_MAX);
    timer_set(&timers, &bells[0].timer, 50);
    timer_set(&timers, &bells[1].timer, 20);
    assert_true(timers_next_ns(&timers) == start + 20);
    run_at(start + 19);
    assert_int_equal(rings, 0);
    run_at(start + 21);
    assert_int_equal(bells[1].rung, 1);
    assert_int_equal(rings, 1);
    assert_true(timers_next_ns(&timers) == start + 50);
    run_at(start + 1000);
    run_at(start + 2000);
    assert_int_equal(bells[0].rung, 1); /* once */
    assert_int_equal(rings, 2);
    assert_true(timers_next_ns(&timers) == UINT64_MAX);
}

static void moving(void **state)
{
    (void)state;
    uint64_t start = now_ns;
    timer_set(&timers, &bells[0].timer, 50);
    timer_set(&timers, &bells[1].timer, 60);
    timer_set(&timers, &bells[0].timer, 100); /* later */
    timer_set(&timers, &bells[1].timer, 10);  /* sooner */
    run_at(start + 90);
    assert_int_equal(bells[0].rung, 0);
    assert_int_equal(bells[1].rung, 1);
    timer_cancel(&timers, &bells[0].timer);
    timer_cancel(&timers, &bells[0].timer); /* fine when not set */
    assert_false(timer_is_set(&bells[0].timer));
    run_at(start + 900);
    assert_int_equal(rings, 1);
}

static uint32_t random_state = 20240229;

static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % bound;
}

/* Random sets, moves, cancels and runs against a plain list. */
static void any_order(void **state)
{
    (void)state;
    for (int step = 0; step < 50000; step++) {
        struct bell *bell = &bells[random_below(MANY)];
        uint64_t earliest = UINT64_MAX;
        if (random_below(3) == 0) {
            timer_cancel(&timers, &bell->timer);
            bell->expected_ns = 0;
        } else {
            uint64_t delay = 1 + random_below(10000);
            timer_set(&timers, &bell->timer, delay);
            bell->expected_ns = now_ns + delay;
        }
        if (random_below(10) == 0) {
            last_rung_ns = 0;
            run_at(now_ns + random_below(500));
        }
        for (int i = 0; i < MANY; i++) {
            bool due = bells[i].expected_ns != 0 && bells[i].expected_ns < now_ns;
            assert_int_equal(bells[i].rung, due);
            if (due)
                bells[i].expected_ns = bells[i].rung = 0;
            assert_int_equal(timer_is_set(&bells[i].timer), bells[i].expected_ns != 0);
            if (bells[i].expected_ns != 0 && bells[i].expected_ns < earliest)
                earliest = bells[i].expected_ns;
        }
        assert_true(timers_next_ns(&timers) == earliest);
    }
}

static void on_ring_again(struct timer *timer)
{
    rings++;
    timer_set(&timers, timer, 0);
}

static void no_hold(void **state)
{
    (void)state;
    bells[0].timer.fire = on_ring_again;
    timer_set(&timers, &bells[0].timer, 0);
    for (int i = 1; i <= 5; i++) {
        run_at(now_ns + 1);
        assert_int_equal(rings, i);
    }
}

static void on_ring_and_cancel(struct timer *timer)
{
    on_ring(timer);
    for (int i = 1; i < MANY; i++)
        timer_cancel(&timers, &bells[i].timer);
}

static void cancelled_by_another(void **state)
{
    (void)state;
    bells[0].timer.fire = on_ring_and_cancel;
    for (int i = 0; i < MANY; i++)
        timer_set(&timers, &bells[i].timer, 10 + (uint64_t)i % 7);
    timer_set(&timers, &bells[0].timer, 5);
    run_at(now_ns + 100); /* all are due, the first one takes the others away */
    assert_int_equal(rings, 1);
    assert_true(timers_next_ns(&timers) == UINT64_MAX);
}

static void on_change(struct timers *t)
{
    assert_ptr_equal(t, &timers);
    changes++;
}

static void telling(void **state)
{
    (void)state;
    timers.on_next_changed = on_change;
    timer_set(&timers, &bells[0].timer, 50);
    assert_int_equal(changes, 1);
    timer_set(&timers, &bells[1].timer, 70); /* not the earliest */
    assert_int_equal(changes, 1);
    timer_set(&timers, &bells[2].timer, 30);
    assert_int_equal(changes, 2);
    timer_cancel(&timers, &bells[1].timer);
    assert_int_equal(changes, 2);
    timer_cancel(&timers, &bells[2].timer);
    assert_int_equal(changes, 3);
    timer_cancel(&timers, &bells[0].timer);
    assert_int_equal(changes, 4);
    timer_set(&timers, &bells[0].timer, 50);
    changes = 0;
    run_at(now_ns + 60); /* the timerfd that woke us is disarmed, so every run tells */
    assert_true(changes > 0);
    changes = 0;
    run_at(now_ns);
    assert_int_equal(changes, 1);
}

static void disposing(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        timer_set(&timers, &bells[i].timer, 10);
    timers_dispose(&timers);
    for (int i = 0; i < MANY; i++)
        assert_false(timer_is_set(&bells[i].timer));
    timer_cancel(&timers, &bells[0].timer);
    run_at(now_ns + 1000);
    assert_int_equal(rings, 0);
}

static void real_clock(void **state)
{
    (void)state;
    uint64_t before = monotonic_ns(), after = monotonic_ns();
    assert_true(before > 0 && after >= before);
}

#define RUNG(sentence, function) {sentence, function, setup, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNG("timer: fires once, after its time and not before", on_time),
        RUNG("timer: setting it again moves it, cancelling it is final", moving),
        RUNG("timer: whatever is set, moved and cancelled, all fire in order", any_order),
        RUNG("timer: one that sets itself again for at once does not hold the loop", no_hold),
        RUNG("timer: a callback may cancel others that are due", cancelled_by_another),
        RUNG("timer: the owner hears when the earliest is another", telling),
        RUNG("timer: none fires after the set is disposed of", disposing),
        RUNG("timer: the monotonic clock does not run backwards", real_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
