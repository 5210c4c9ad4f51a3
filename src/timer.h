/* timer.h -- one-shot timers on the monotonic clock.
 *
 * libh2o's timers follow the wall clock, and a step of it would fire or delay them all together.
 * Ours are a binary heap per loop, ordered by CLOCK_MONOTONIC. The heap knows nothing of file
 * descriptors: whoever owns it calls timers_run() when timers_next_ns() has come (loop.c does so
 * with a timerfd), and a test may give it a clock of its own.
 *
 * A timer is embedded in what it serves, zeroed, its callback set once. Setting a timer that is
 * set moves it. A callback may set and cancel any timer, its own included.
 */
#ifndef PGCRIER_TIMER_H
#define PGCRIER_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    void (*fire)(struct timer *timer);
    uint64_t at_ns;
    size_t place; /* index in the heap + 1; 0 while not set */
};

struct timers {
    uint64_t (*clock_ns)(void);
    void (*on_next_changed)(struct timers *timers); /* the earliest timer is another; may be NULL */
    struct timer **heap;
    size_t count, capacity;
};

/* CLOCK_MONOTONIC in nanoseconds. */
uint64_t monotonic_ns(void);

void timers_init(struct timers *timers, uint64_t (*clock_ns)(void));
void timers_dispose(struct timers *timers); /* no timer fires afterwards */
uint64_t timers_now_ns(const struct timers *timers);
uint64_t timers_next_ns(const struct timers *timers); /* UINT64_MAX when none is set */
void timers_run(struct timers *timers);               /* fires all that are due */

void timer_set(struct timers *timers, struct timer *timer, uint64_t delay_ns);
void timer_cancel(struct timers *timers, struct timer *timer); /* fine when not set */
static inline bool timer_is_set(const struct timer *timer) { return timer->place != 0; }

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

#endif
