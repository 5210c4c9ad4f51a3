/* test_budget.c -- what all request bodies together may keep in memory. */
#include "promise.h"

#include "budget.h"

static void what_is_given_back_can_be_taken_again(void **state)
{
    (void)state;
    budget_init(100);
    assert_int_equal(budget_take(60), 0);
    assert_int_equal(budget_take(41), -1);
    assert_int_equal(budget_taken(), 60);
    assert_int_equal(budget_take(40), 0);
    budget_give(100);
    assert_int_equal(budget_taken(), 0);
}

static void no_size_is_too_large_to_refuse(void **state)
{
    (void)state;
    budget_init(100);
    assert_int_equal(budget_take(SIZE_MAX), -1);
    assert_int_equal(budget_take(1), 0);
    assert_int_equal(budget_take(SIZE_MAX), -1);
    assert_int_equal(budget_taken(), 1);
    budget_give(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("budget: what is given back can be taken again", what_is_given_back_can_be_taken_again),
        PROMISE("budget: no size is too large to be refused", no_size_is_too_large_to_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
