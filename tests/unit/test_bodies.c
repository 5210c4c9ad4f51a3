/* test_bodies.c -- what all request bodies together may keep in memory. */
#include "promise.h"

#include "bodies.h"
#include "buffer.h"

static void what_is_given_back_can_be_taken_again(void **state)
{
    (void)state;
    bodies_init(100);
    assert_int_equal(bodies_take(60), 0);
    assert_int_equal(bodies_take(41), -1);
    assert_int_equal(bodies_held(), 60);
    assert_int_equal(bodies_take(40), 0);
    bodies_give(100);
    assert_int_equal(bodies_held(), 0);
}

static void no_size_is_too_large_to_refuse(void **state)
{
    (void)state;
    bodies_init(100);
    assert_int_equal(bodies_take(SIZE_MAX), -1);
    assert_int_equal(bodies_take(1), 0);
    assert_int_equal(bodies_take(SIZE_MAX), -1);
    assert_int_equal(bodies_held(), 1);
    bodies_give(1);
}

static struct ip address(uint8_t last)
{
    return (struct ip){{[15] = last}};
}

static struct bodies_holder *holders(uint8_t a, size_t a_octets, uint8_t b, size_t b_octets)
{
    struct bodies_holder *holder = must_alloc(2 * sizeof(*holder));

    holder[0] = (struct bodies_holder){address(a), a_octets};
    holder[1] = (struct bodies_holder){address(b), b_octets};
    return holder;
}

static void who_holds_most_is_known_across_workers(void **state)
{
    static struct bodies_report one, two;
    struct ip ip;

    (void)state;
    assert_int_equal(bodies_largest(&ip), -1);
    bodies_tell(&one, holders(1, 50, 2, 60), 2);
    bodies_tell(&two, holders(2, 10, 3, 65), 2);
    assert_int_equal(bodies_largest(&ip), 0);
    assert_int_equal(ip.octets[15], 2); /* 60 + 10 */
    bodies_refused(&one, &ip, 60);
    assert_int_equal(bodies_largest(&ip), 0);
    assert_int_equal(ip.octets[15], 3);
    bodies_tell(&two, NULL, 0);
    assert_int_equal(bodies_largest(&ip), 0);
    assert_int_equal(ip.octets[15], 1);
    bodies_tell(&one, NULL, 0);
    assert_int_equal(bodies_largest(&ip), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("bodies: what is given back can be taken again", what_is_given_back_can_be_taken_again),
        PROMISE("bodies: no size is too large to be refused", no_size_is_too_large_to_refuse),
        PROMISE("bodies: who holds most is known across workers", who_holds_most_is_known_across_workers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
