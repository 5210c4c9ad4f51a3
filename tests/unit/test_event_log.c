/* test_event_log.c -- the events of one key: numbered, shared, bounded. */
#include "promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "event_log.h"

static struct event_log *event_log;

static int setup(void **state)
{
    (void)state;
    event_log = event_log_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    event_log_release(event_log);
    assert_int_equal(frame_bytes_alive(), 0);
    assert_int_equal(frame_bytes_stale(), 0);
    return 0;
}

static void append(unsigned number)
{
    char sse[20];
    snprintf(sse, sizeof(sse), "%u\n\n", number);
    event_log_append(event_log, frame_text(sse));
}

static unsigned number_of(const struct frame *frame)
{
    struct iovec iov[FRAME_MAX_IOV];
    frame_event(frame, iov);
    return (unsigned)strtoul(iov[0].iov_base, NULL, 10);
}

/* Takes up to `max` and expects the numbers from `first` on, `count` of them. */
static void takes(struct event_reader *reader, size_t max, unsigned first, size_t count)
{
    struct frame *frames[2048];
    assert_int_equal(event_reader_take(reader, frames, max), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(number_of(frames[i]), first + i);
        frame_unref(frames[i]);
    }
}

static void in_order(void **state)
{
    (void)state;
    struct event_reader a = {0}, b = {0};
    event_reader_attach(&a, event_log);
    append(1);
    append(2);
    event_reader_attach(&b, event_log);
    assert_int_equal(event_reader_pending(&a), 2);
    assert_int_equal(event_reader_pending(&b), 0);
    assert_null(event_reader_peek(&b));
    append(3);
    takes(&a, 2, 1, 2);
    takes(&b, 5, 3, 1);
    assert_int_equal(number_of(event_reader_peek(&a)), 3);
    takes(&a, 5, 3, 1);
    takes(&a, 5, 0, 0);
    event_reader_detach(&a);
    event_reader_detach(&a); /* fine when not attached */
    event_reader_detach(&b);
}

static void nobody_keeps_nothing(void **state)
{
    (void)state;
    struct event_reader a = {0}, b = {0};
    append(1); /* nobody is there */
    assert_int_equal(frame_bytes_alive(), 0);
    event_reader_attach(&a, event_log);
    event_reader_attach(&b, event_log);
    append(2);
    takes(&a, 1, 2, 1);
    assert_true(frame_bytes_alive() > 0);
    event_reader_detach(&b); /* it was the only one behind */
    assert_int_equal(frame_bytes_alive(), 0);
    append(3);
    event_reader_skip(&a);
    assert_int_equal(frame_bytes_alive(), 0);
    event_reader_skip(&a);
    event_reader_detach(&a);
}

static void round_the_ring(void **state)
{
    (void)state;
    struct event_reader a = {0};
    unsigned appended = 0, taken = 0;
    event_reader_attach(&a, event_log);
    srand(1);
    while (taken < 100000) {
        for (int n = rand() % 40; n > 0 && appended - taken < EVENT_LOG_MAX_FRAMES; n--)
            append(++appended);
        size_t max = (size_t)rand() % 40, pending = appended - taken;
        takes(&a, max, taken + 1, pending < max ? pending : max);
        taken += pending < max ? pending : max;
    }
    event_reader_detach(&a);
}

static void frames_at_most(void **state)
{
    (void)state;
    struct event_reader slow = {0}, slower = {0};
    event_reader_attach(&slower, event_log);
    append(1);
    event_reader_attach(&slow, event_log);
    for (unsigned i = 2; i <= EVENT_LOG_MAX_FRAMES; i++)
        append(i);
    assert_false(event_reader_has_overflowed(&slower));
    append(EVENT_LOG_MAX_FRAMES + 1);
    assert_true(event_reader_has_overflowed(&slower));
    assert_null(event_reader_peek(&slower));
    assert_false(event_reader_has_overflowed(&slow));
    event_reader_detach(&slower);
    takes(&slow, 2048, 2, EVENT_LOG_MAX_FRAMES);
    assert_int_equal(frame_bytes_alive(), 0);
    event_reader_detach(&slow);
}

static void octets_at_most(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, MANY = EVENT_LOG_MAX_OCTETS / SIZE };
    struct event_reader slow = {0};
    char *sse = must_alloc(SIZE + 1);
    memset(sse, 'x', SIZE);
    memcpy(sse + SIZE - 2, "\n\n", 2);
    event_reader_attach(&slow, event_log);
    for (size_t i = 0; i < MANY; i++)
        event_log_append(event_log, frame_text(sse));
    assert_false(event_reader_has_overflowed(&slow));
    assert_int_equal(frame_bytes_alive(), EVENT_LOG_MAX_OCTETS);
    event_log_append(event_log, frame_text(sse));
    assert_true(event_reader_has_overflowed(&slow));
    assert_int_equal(frame_bytes_alive(), EVENT_LOG_MAX_OCTETS);
    event_reader_detach(&slow);
    free(sse);
}

static void trimmed(void **state)
{
    (void)state;
    struct event_reader a = {0};
    event_reader_attach(&a, event_log);
    append(1);
    append(2);
    append(3);
    takes(&a, 2, 1, 2);
    event_log_trim(event_log, a.next);
    event_log_trim(event_log, 1); /* it was already */
    assert_int_equal(frame_bytes_alive(), 3);
    takes(&a, 2, 3, 1);
    event_reader_detach(&a);
}

static void stale_are_those_that_are_waited_for(void **state)
{
    (void)state;
    struct event_reader fast = {0}, slow = {0};
    event_reader_attach(&fast, event_log);
    append(1);
    takes(&fast, 1, 1, 1);
    append(2);
    takes(&fast, 1, 2, 1);
    assert_int_equal(frame_bytes_stale(), 0);
    event_reader_attach(&slow, event_log);
    append(3);
    append(4);
    append(5);
    takes(&fast, 3, 3, 3);
    assert_int_equal(frame_bytes_stale(), 6); /* but for the newest */
    frame_condemn(0);
    assert_true(frame_is_condemned(event_reader_peek(&slow)));
    event_reader_detach(&slow);
    assert_int_equal(frame_bytes_stale(), 0);
    event_reader_detach(&fast);
}

static void outlives_its_owner(void **state)
{
    (void)state;
    struct event_log *other = event_log_create();
    struct event_reader a = {0}, b = {0};
    event_reader_attach(&a, other);
    event_reader_attach(&b, other);
    event_log_append(other, frame_text("1\n\n"));
    event_log_append(other, frame_text("2\n\n"));
    event_log_release(other);
    takes(&a, 5, 1, 2);
    event_reader_detach(&a);
    takes(&b, 1, 1, 1);
    event_reader_detach(&b);
    event_log_release(NULL);
}

#define LOG(sentence, function) {sentence, function, setup, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG("event log: a reader gets what comes after it, in order", in_order),
        LOG("event log: what all have taken, or nobody waits for, is gone", nobody_keeps_nothing),
        LOG("event log: a hundred thousand events, now more and now fewer at a time", round_the_ring),
        LOG("event log: 1,024 frames wait, one more is too many for who is last", frames_at_most),
        LOG("event log: 16 MiB wait, and no more", octets_at_most),
        LOG("event log: what is needed no more can be trimmed", trimmed),
        LOG("event log: what only the slow wait for counts as stale, and can be condemned",
            stale_are_those_that_are_waited_for),
        LOG("event log: lives until its last reader", outlives_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
