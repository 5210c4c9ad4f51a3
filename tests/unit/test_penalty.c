/* test_penalty.c -- who is refused, for how long, and who is forgotten. */
#include "promise.h"

#include <string.h>
#include "penalty.h"
#include "timer.h"

enum { LIMIT = 3 };

static struct penalties penalties;
static uint64_t now;

static int set_up(void **state)
{
    (void)state;
    memset(&penalties, 0, sizeof(penalties));
    now = 1000 * NS_PER_S;
    return 0;
}

static struct ip ip_of(const char *text)
{
    struct ip ip;

    assert_int_equal(ip_parse(text, strlen(text), &ip), 0);
    return ip;
}

static bool add(const char *text, enum penalty_weight weight)
{
    struct ip ip = ip_of(text);

    return penalty_add(&penalties, &ip, weight, LIMIT, now);
}

static bool is_refused(const char *text)
{
    struct ip ip = ip_of(text);

    return penalty_holds(&penalties, &ip, LIMIT, now);
}

static void add_many(const char *text, int count)
{
    for (int i = 0; i < count; ++i)
        (void)add(text, PENALTY_ATTACK);
}

static void as_many_as_the_limit_are_forgiven(void **state)
{
    (void)state;
    assert_false(is_refused("192.0.2.1"));
    for (int i = 0; i < LIMIT; ++i) {
        assert_false(add("192.0.2.1", PENALTY_ATTACK));
        assert_false(is_refused("192.0.2.1"));
    }
    assert_true(add("192.0.2.1", PENALTY_ATTACK));
    assert_true(is_refused("192.0.2.1"));
    assert_false(is_refused("192.0.2.2"));
}

static void one_a_second_is_forgiven(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; ++i, now += NS_PER_S)
        assert_false(add("192.0.2.1", PENALTY_ATTACK));
    add_many("192.0.2.1", LIMIT + 2);
    now += 2 * NS_PER_S - 1;
    assert_true(is_refused("192.0.2.1"));
    now += 1;
    assert_false(is_refused("192.0.2.1"));
}

static void it_begins_once_until_the_bucket_is_empty(void **state)
{
    (void)state;
    add_many("192.0.2.1", LIMIT + 1);
    now += NS_PER_S;
    assert_false(add("192.0.2.1", PENALTY_ATTACK)); /* let in, and back again: nothing new */
    assert_true(is_refused("192.0.2.1"));
    now += (LIMIT + 1) * NS_PER_S;
    add_many("192.0.2.1", LIMIT);
    assert_true(add("192.0.2.1", PENALTY_ATTACK));
}

static void nobody_waits_longer_than_a_minute_after_his_last(void **state)
{
    (void)state;
    add_many("192.0.2.1", 100000);
    now += PENALTY_MAX_S * NS_PER_S - 1;
    assert_true(is_refused("192.0.2.1"));
    now += 1;
    assert_false(is_refused("192.0.2.1"));
}

static void ten_bad_requests_are_one_attack(void **state)
{
    (void)state;
    for (int i = 0; i < 10 * LIMIT; ++i)
        assert_false(add("192.0.2.1", PENALTY_BAD_REQUEST));
    assert_true(add("192.0.2.1", PENALTY_BAD_REQUEST));
}

static void a_64_is_one_address(void **state)
{
    (void)state;
    add_many("2001:db8:0:1::1", LIMIT);
    assert_true(add("2001:db8:0:1:ffff::2", PENALTY_ATTACK));
    assert_true(is_refused("2001:db8:0:1::3"));
    assert_false(is_refused("2001:db8:0:2::1"));
}

/* Far more than fit. */
static void the_worst_are_remembered_and_nobody_is_taken_for_another(void **state)
{
    size_t refused = 0, count = 4 * PENALTY_SETS * PENALTY_WAYS;
    struct ip ip = ip_of("10.0.0.0");

    (void)state;
    add_many("192.0.2.1", 50);
    for (size_t i = 0; i < count; ++i) {
        memcpy(ip.octets + 12, &(uint32_t){(uint32_t)i}, 4);
        for (int n = 0; n <= LIMIT; ++n)
            (void)penalty_add(&penalties, &ip, PENALTY_ATTACK, LIMIT, now);
    }
    for (size_t i = 0; i < count; ++i) {
        memcpy(ip.octets + 12, &(uint32_t){(uint32_t)i}, 4);
        refused += penalty_holds(&penalties, &ip, LIMIT, now);
    }
    assert_true(is_refused("192.0.2.1"));
    assert_in_range(refused, PENALTY_SETS * PENALTY_WAYS / 2, PENALTY_SETS * PENALTY_WAYS);
    for (size_t i = count; i < 2 * count; ++i) {
        memcpy(ip.octets + 12, &(uint32_t){(uint32_t)i}, 4);
        assert_false(penalty_holds(&penalties, &ip, LIMIT, now));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(as_many_as_the_limit_are_forgiven, set_up),
        cmocka_unit_test_setup(one_a_second_is_forgiven, set_up),
        cmocka_unit_test_setup(it_begins_once_until_the_bucket_is_empty, set_up),
        cmocka_unit_test_setup(nobody_waits_longer_than_a_minute_after_his_last, set_up),
        cmocka_unit_test_setup(ten_bad_requests_are_one_attack, set_up),
        cmocka_unit_test_setup(a_64_is_one_address, set_up),
        cmocka_unit_test_setup(the_worst_are_remembered_and_nobody_is_taken_for_another, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
