/* test_snapshot.c -- reading and comparing snapshots; at the end against a table of bits. */
#include "promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "snapshot.h"

static struct snapshot read_snapshot(const char *text)
{
    struct snapshot s;
    snapshot_parse(&s, text);
    if (!s.known)
        fail_msg("%s is not understood", text);
    return s;
}

static void sees(void **state)
{
    (void)state;
    struct snapshot s = read_snapshot("10:20:10,14,19");
    assert_true(snapshot_sees(&s, 1));
    assert_true(snapshot_sees(&s, 9));
    assert_false(snapshot_sees(&s, 10));
    assert_true(snapshot_sees(&s, 11));
    assert_false(snapshot_sees(&s, 14));
    assert_true(snapshot_sees(&s, 18));
    assert_false(snapshot_sees(&s, 19));
    assert_false(snapshot_sees(&s, 20));
    s.plus = 25;
    assert_true(snapshot_sees(&s, 25));
    assert_false(snapshot_sees(&s, 24));
    snapshot_forget(&s);
    assert_false(s.known);
}

static void sixty_four_bits(void **state)
{
    (void)state;
    struct snapshot s = read_snapshot("4294967296:18446744073709551615:4294967300");
    assert_true(snapshot_sees(&s, 4));
    assert_false(snapshot_sees(&s, UINT64_C(4294967300)));
    assert_true(snapshot_sees(&s, UINT64_C(4294967301)));
    assert_true(snapshot_sees(&s, UINT64_MAX - 1));
    snapshot_forget(&s);
    assert_true(xid_parse("18446744073709551615") == UINT64_MAX);
    assert_true(xid_parse("17") == 17);
    static const char *const none[] = {"", "-1", "x", "1x", " 1", "18446744073709551616"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_true(xid_parse(none[i]) == 0);
}

static void malformed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", ":", "::", "1", "1:2", "1:2:x", "1:2:,", "1:3:1,", "1:3:,1", "2:1:", "1:3:0", "1:3:3",
        "1:9:4,3", "1:9:3,3", "1:9:3, 4", "-1:2:", "1:2:1:", "18446744073709551616:1:", "1:2:\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct snapshot s;
        snapshot_parse(&s, texts[i]);
        if (s.known)
            fail_msg("\"%s\" is a snapshot", texts[i]);
    }
    struct snapshot s;
    snapshot_parse(&s, NULL);
    assert_false(s.known);
}

static void ceiling(void **state)
{
    (void)state;
    struct buffer b;
    struct snapshot s;
    buffer_init(&b, 1 << 20);
    buffer_puts(&b, "1:100000:1");
    for (int i = 2; i <= SNAPSHOT_MAX_RUNNING; i++)
        buffer_printf(&b, ",%d", i);
    snapshot_parse(&s, b.bytes);
    assert_true(s.known && s.count == SNAPSHOT_MAX_RUNNING);
    snapshot_forget(&s);
    buffer_puts(&b, ",9999");
    snapshot_parse(&s, b.bytes);
    assert_false(s.known);
    buffer_dispose(&b);
}

static bool covers(const char *newer_text, uint64_t xid, const char *older_text, uint64_t plus)
{
    struct snapshot newer = read_snapshot(newer_text), older = read_snapshot(older_text);
    older.plus = plus;
    bool result = snapshot_covers(&newer, xid, &older);
    snapshot_forget(&newer);
    snapshot_forget(&older);
    return result;
}

static void compares(void **state)
{
    (void)state;
    assert_true(covers("10:10:", 10, "10:10:", 0));
    assert_true(covers("10:20:", 20, "5:10:7", 0));
    /* 12 runs in the newer one and is over in the older one. */
    assert_false(covers("12:20:12", 20, "13:13:", 0));
    assert_true(covers("12:20:12", 12, "13:13:", 0));
    assert_true(covers("12:20:12", 20, "12:13:12", 0));
    /* The older one ends later: what it sees up there is missed, unless it is the transaction. */
    assert_false(covers("10:10:", 10, "12:12:", 0));
    assert_true(covers("10:11:10", 10, "11:11:", 0));
    assert_true(covers("10:10:", 11, "10:12:10", 0));
    assert_false(covers("10:10:", 11, "10:13:10", 0));
    assert_true(covers("10:10:", 10, "10:13:10,11,12", 0));
    assert_false(covers("5:5:", 5, "10:1000000000000:10", 0));
    /* What came inline before. */
    assert_true(covers("10:20:", 20, "10:10:", 15));
    assert_false(covers("10:20:15", 20, "10:10:", 15));
    assert_false(covers("10:12:", 12, "10:10:", 15));
    assert_true(covers("10:12:", 15, "10:10:", 15));
}

static uint32_t random_state = 1;
static uint32_t random_below(uint32_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return (random_state >> 3) % bound;
}

/* A snapshot of numbers below 16, and the set of those that it sees. */
static uint32_t make(struct snapshot *s)
{
    uint32_t xmax = 1 + random_below(12), seen = 0;
    char text[100];
    int length = snprintf(text, sizeof(text), "1:%u:", xmax);
    const char *comma = "";
    for (uint32_t xid = 0; xid < xmax; xid++) {
        if (xid > 0 && random_below(3) == 0) {
            length += snprintf(text + length, sizeof(text) - (size_t)length, "%s%u", comma, xid);
            comma = ",";
        } else {
            seen |= 1u << xid;
        }
    }
    *s = read_snapshot(text);
    if (random_below(2) == 0) {
        s->plus = 1 + random_below(14);
        seen |= 1u << s->plus;
    }
    return seen;
}

static void sets(void **state)
{
    (void)state;
    for (int round = 0; round < 200000; round++) {
        struct snapshot newer, older;
        uint32_t xid = 1 + random_below(15);
        uint32_t newer_seen = make(&newer), older_seen = make(&older);
        for (uint32_t i = 0; i < 16; i++)
            assert_int_equal(snapshot_sees(&older, i), older_seen >> i & 1);
        bool expected = (older_seen & ~(newer_seen | 1u << xid)) == 0;
        if (newer.plus == 0 && snapshot_covers(&newer, xid, &older) != expected)
            fail_msg("round %d: %x covers %x but for %u", round, newer_seen, older_seen, xid);
        snapshot_forget(&newer);
        snapshot_forget(&older);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("snapshot: what is visible", sees),
        PROMISE("snapshot: numbers have 64 bits", sixty_four_bits),
        PROMISE("snapshot: anything else is the unknown one", malformed),
        PROMISE("snapshot: a list beyond the ceiling is the unknown one", ceiling),
        PROMISE("snapshot: what a newer one may not miss", compares),
        PROMISE("snapshot: 200,000 pairs as sets of bits", sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
