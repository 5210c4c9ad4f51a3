/* timer.c -- a binary heap of embedded timers; see timer.h. */
#include "timer.h"

#include <stdlib.h>
#include <time.h>

#include "buffer.h"

uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void timers_init(struct timers *timers, uint64_t (*clock_ns)(void))
{
    *timers = (struct timers){.clock_ns = clock_ns};
}

void timers_dispose(struct timers *timers)
{
    for (size_t i = 0; i < timers->count; ++i)
        timers->heap[i]->place = 0;
    free(timers->heap);
    timers->heap = NULL;
    timers->count = timers->capacity = 0;
}

uint64_t timers_now_ns(const struct timers *timers)
{
    return timers->clock_ns();
}

uint64_t timers_next_ns(const struct timers *timers)
{
    return timers->count == 0 ? UINT64_MAX : timers->heap[0]->at_ns;
}

static void put(struct timers *timers, size_t i, struct timer *timer)
{
    timers->heap[i] = timer;
    timer->place = i + 1;
}

static void rise(struct timers *timers, size_t i, struct timer *timer)
{
    while (i > 0 && timers->heap[(i - 1) / 2]->at_ns > timer->at_ns) {
        put(timers, i, timers->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(timers, i, timer);
}

static void sink(struct timers *timers, size_t i, struct timer *timer)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && timers->heap[child + 1]->at_ns < timers->heap[child]->at_ns)
            ++child;
        if (timers->heap[child]->at_ns >= timer->at_ns)
            break;
        put(timers, i, timers->heap[child]);
        i = child;
    }
    put(timers, i, timer);
}

static void take_out(struct timers *timers, struct timer *timer)
{
    size_t i = timer->place - 1;
    struct timer *last = timers->heap[--timers->count];
    timer->place = 0;
    if (last == timer)
        return;
    if (i > 0 && timers->heap[(i - 1) / 2]->at_ns > last->at_ns)
        rise(timers, i, last);
    else
        sink(timers, i, last);
}

static void tell(struct timers *timers, uint64_t before)
{
    if (timers->on_next_changed != NULL && timers_next_ns(timers) != before)
        timers->on_next_changed(timers);
}

void timer_set(struct timers *timers, struct timer *timer, uint64_t delay_ns)
{
    uint64_t before = timers_next_ns(timers);

    if (timer_is_set(timer))
        take_out(timers, timer);
    if (timers->count == timers->capacity) {
        timers->capacity = timers->capacity == 0 ? 16 : timers->capacity * 2;
        timers->heap = must_realloc(timers->heap, timers->capacity * sizeof(*timers->heap));
    }
    timer->at_ns = timers->clock_ns() + delay_ns;
    rise(timers, timers->count++, timer);
    tell(timers, before);
}

void timer_cancel(struct timers *timers, struct timer *timer)
{
    if (!timer_is_set(timer))
        return;
    uint64_t before = timers_next_ns(timers);
    take_out(timers, timer);
    tell(timers, before);
}

void timers_run(struct timers *timers)
{
    /* Only what was due when the run began: a timer that a callback sets for at once fires in the
     * next run, so that one which sets itself again cannot hold the loop. */
    uint64_t now = timers->clock_ns();
    while (timers->count != 0 && timers->heap[0]->at_ns < now) {
        struct timer *timer = timers->heap[0];
        take_out(timers, timer);
        timer->fire(timer);
    }
    if (timers->on_next_changed != NULL)
        timers->on_next_changed(timers);
}
