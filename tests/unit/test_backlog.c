/* test_backlog.c -- when it is said that the queue of notifications fills. */
#include "promise.h"

#include <stdio.h>
#include <string.h>
#include "backlog.h"
#include "log.h"

static int warnings;
static char line[1024];

/* In place of log.c's. */
void log_line(enum log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    warnings += level == LOG_WARNING;
}

static int warnings_after(const char *usage)
{
    warnings = 0;
    backlog_seen(usage);
    return warnings;
}

static void once_an_episode(void **state)
{
    (void)state;
    assert_int_equal(warnings_after("0.1"), 0);
    assert_int_equal(warnings_after("0.1234"), 1);
    assert_non_null(strstr(line, "12 % full"));
    assert_non_null(strstr(line, "pg_stat_activity"));
    assert_int_equal(warnings_after("0.5"), 0);
    assert_int_equal(warnings_after("0.06"), 0);
    assert_int_equal(warnings_after("0.2"), 0);
    assert_int_equal(warnings_after("0"), 0);
    assert_int_equal(warnings_after("1"), 1);
}

static void keeps_the_last(void **state)
{
    (void)state;
    backlog_seen("0.000125");
    assert_true(backlog_usage() == 0.000125);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("backlog: F17: above a tenth there is one warning, and another only after it was below half of that", once_an_episode),
        PROMISE("backlog: the last that was seen is shown", keeps_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
