/* test_fanout.c -- events on their way: gathered by place, encoded once, one batch for all workers. */
#include "promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calls.h"
#include "fanout.h"

enum { WORKERS = 3, BATCHES = 4096 };

static struct fanout fanout;
static struct route *documents, *named; /* events "message" and "tree" */
static struct fanout_batch *sent[BATCHES]; /* to worker 0, references */
static size_t sent_count, sent_to[WORKERS], asked;

/* "both" is heard by workers 0 and 1 under two keys, "named" by worker 2, anything else by nobody. */
static void listeners(struct fanout *f, struct fanout_group *group, enum fanout_place place, const char *name)
{
    assert_ptr_equal(f, &fanout);
    asked++;
    if (strcmp(name, "both") == 0 || place == FANOUT_CHANNEL) {
        struct call *one = test_call(documents, "/one"), *two = test_call(documents, "/two");
        fanout_target(group, one, 1);
        fanout_target(group, two, 2);
        call_unref(one);
        call_unref(two);
    } else if (strcmp(name, "named") == 0) {
        struct call *call = test_call(named, "/tree");
        fanout_target(group, call, 4);
        call_unref(call);
    }
}

static void keep(struct fanout *f, unsigned worker, struct fanout_batch *batch)
{
    (void)f;
    assert_in_range(worker, 0, WORKERS - 1);
    sent_to[worker]++;
    if (worker == 0)
        sent[sent_count++] = batch;
    else
        fanout_batch_unref(batch);
}

static void let_go(void)
{
    for (size_t i = 0; i < sent_count; i++)
        fanout_batch_unref(sent[i]);
    sent_count = 0;
    memset(sent_to, 0, sizeof(sent_to));
}

static int setup(void **state)
{
    (void)state;
    documents = test_route(1);
    named = test_route(2);
    named->event = must_strdup("tree");
    fanout_init(&fanout, WORKERS);
    fanout.listeners = listeners;
    fanout.send = keep;
    asked = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fanout_flush(&fanout);
    let_go();
    route_unref(documents);
    route_unref(named);
    assert_int_equal(fanout.untaken, 0);
    assert_int_equal(frame_bytes_alive(), 0);
    return 0;
}

static bool announce(const char *topic, const char *event, const char *data)
{
    return fanout_announce(&fanout, topic, event, data, strlen(data), 17);
}

/* All of a group's bytes, as a worker that gets batch `i` would write them. */
static char *bytes_of(size_t i, enum fanout_place place, size_t *events)
{
    static struct buffer b;
    struct fanout_group *group = sent[i]->groups[place];
    buffer_dispose(&b);
    buffer_init(&b, 1 << 24);
    *events = 0;
    for (size_t f = 0; group != NULL && f < group->frame_count; f++) {
        struct iovec iov[FRAME_MAX_IOV];
        int n = frame_event(group->frames[f], iov);
        for (int k = 0; k < n; k++)
            buffer_append(&b, iov[k].iov_base, iov[k].iov_len);
        *events += frame_event_count(group->frames[f]);
        assert_int_equal(frame_noticed_ns(group->frames[f]), 17);
    }
    return b.bytes;
}

static void one_message(void **state)
{
    (void)state;
    size_t events;
    assert_true(announce("both", "a", "1"));
    assert_true(announce("nobody", "a", "2"));
    fanout_relay(&fanout, "orders", "x", 17);
    assert_true(announce("both", "b", "{\"c\":[3]}"));
    assert_int_equal(sent_count, 0);
    fanout_flush(&fanout);
    fanout_flush(&fanout); /* nothing more */
    assert_int_equal(sent_to[0], 1);
    assert_int_equal(sent_to[1], 1);
    assert_int_equal(sent_to[2], 0);
    assert_string_equal(bytes_of(0, FANOUT_TOPIC, &events), "event: a\ndata: 1\n\nevent: b\ndata: {\"c\":[3]}\n\n");
    assert_int_equal(events, 2);
    assert_string_equal(bytes_of(0, FANOUT_CHANNEL, &events), "data: x\n\n");
    assert_int_equal(sent[0]->groups[FANOUT_TOPIC]->frame_count, 1);
    assert_int_equal(sent[0]->groups[FANOUT_TOPIC]->target_count, 2);
    assert_int_equal(asked, 3); /* once for each place in a batch */
}

static void nobody_hears(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(announce("nobody", "a", "1"));
    assert_null(fanout.batch);
    fanout_flush(&fanout);
    assert_int_equal(sent_to[0] + sent_to[1] + sent_to[2], 0);
}

static void no_document(void **state)
{
    (void)state;
    assert_false(announce("both", "message", "1"));
    assert_false(announce("both", "gone", "null"));
    assert_false(announce("nobody", "gap", "null"));
    assert_true(announce("both", "tree", "1"));
    assert_false(announce("named", "tree", "1"));
    assert_true(announce("named", "message", "1"));
}

static void lines(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "data: \n\n"},
        {"a", "data: a\n\n"},
        {"a\nb", "data: a\ndata: b\n\n"},
        {"a\r\nb\rc", "data: a\ndata: b\ndata: c\n\n"},
        {"\n", "data: \ndata: \n\n"},
        {"\r\r\n\n", "data: \ndata: \ndata: \ndata: \n\n"},
        {"id: 1\n\nevent: x", "data: id: 1\ndata: \ndata: event: x\n\n"},
        {" a ", "data:  a \n\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t events;
        fanout_relay(&fanout, "c", cases[i][0], 17);
        fanout_flush(&fanout);
        assert_string_equal(bytes_of(0, FANOUT_CHANNEL, &events), cases[i][1]);
        assert_int_equal(events, 1);
        let_go();
    }
}

static void one_line(void **state)
{
    (void)state;
    size_t events;
    assert_true(announce("both", "e", "{\r\n\"a\":\r[\n1]}"));
    fanout_flush(&fanout);
    assert_string_equal(bytes_of(0, FANOUT_TOPIC, &events), "event: e\ndata: {  \"a\": [ 1]}\n\n");
}

static void whole_events_in_order(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static char payload[8000];
    unsigned next = 0;
    for (unsigned i = 0; i < MANY; i++) {
        memset(payload, i % 3 == 0 ? '\n' : 'x', sizeof(payload) - 1); /* some swell */
        payload[i * 7 % 7999] = '\0';
        payload[snprintf(payload, 10, "%u", i)] = payload[9] == '\0' ? '\0' : ' ';
        fanout_relay(&fanout, "c", payload, 17);
        if (i % 1000 == 999) { /* as if the workers had taken them */
            fanout_flush(&fanout);
            for (size_t k = 0; k < sent_count; k++) {
                struct fanout_group *group = sent[k]->groups[FANOUT_CHANNEL];
                assert_in_range(sent[k]->octets, 1, FANOUT_BATCH_MAX + 7 * 8000);
                for (size_t f = 0; f < group->frame_count; f++)
                    assert_in_range(frame_size(group->frames[f]), 1, FANOUT_FRAME_MAX + 7 * 8000);
                size_t events;
                const char *at = bytes_of(k, FANOUT_CHANNEL, &events);
                for (; events > 0; events--, next++) {
                    assert_int_equal(strncmp(at, "data: ", 6), 0);
                    assert_int_equal(strtoul(at + 6, NULL, 10), next);
                    at = strstr(at, "\n\n") + 2;
                }
                assert_string_equal(at, "");
            }
            let_go();
        }
    }
    assert_int_equal(next, MANY);
}

static void too_much_is_lost(void **state)
{
    (void)state;
    static char payload[8000];
    memset(payload, 'x', sizeof(payload) - 1);
    while (fanout.untaken <= FANOUT_MAX_UNTAKEN)
        fanout_relay(&fanout, "c", payload, 17);
    fanout_flush(&fanout);
    size_t before = sent_count;
    for (int i = 0; i < 100; i++)
        fanout_relay(&fanout, "c", payload, 17);
    fanout_flush(&fanout);
    assert_int_equal(sent_count, before + 1); /* which says so, and no more */
    assert_true(sent[before]->groups[FANOUT_CHANNEL]->lost);
    assert_int_equal(sent[before]->groups[FANOUT_CHANNEL]->frame_count, 0);
    let_go();
    fanout_relay(&fanout, "c", "again", 17);
    fanout_flush(&fanout);
    size_t events;
    assert_string_equal(bytes_of(0, FANOUT_CHANNEL, &events), "data: again\n\n");
}

#define FANOUT(sentence, function) {sentence, function, setup, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FANOUT("fanout: what comes at once is one message for each worker that has listeners", one_message),
        FANOUT("fanout: what nobody hears costs nothing", nobody_hears),
        FANOUT("fanout: an announcement does not pass itself off as a document", no_document),
        FANOUT("fanout: a payload is its lines", lines),
        FANOUT("fanout: an announcement is one line", one_line),
        FANOUT("fanout: events stay whole and in order, however they fall into frames", whole_events_in_order),
        FANOUT("fanout: what the workers do not take is limited, and what is lost is said", too_much_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
