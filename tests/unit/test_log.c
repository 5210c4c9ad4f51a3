/* test_log.c -- one line per event, on stderr.
 *
 * stderr becomes one end of a pair of datagram sockets: one datagram is one write(2).
 */
#include "promise.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "log.h"
#include "path.h"

enum { THREADS = 4, LINES = 200 };

static int saved = -1, reader = -1;

static int redirect(void **state)
{
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    saved = dup(STDERR_FILENO);
    dup2(pair[1], STDERR_FILENO);
    close(pair[1]);
    reader = pair[0];
    log_set_level(LOG_DEBUG);
    return 0;
}

static int restore(void **state)
{
    (void)state;
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(reader);
    log_set_level(LOG_NOTICE);
    return 0;
}

/* The next write, NUL-terminated; "" when there was none. */
static const char *written(void)
{
    static char line[8192];
    ssize_t length = recv(reader, line, sizeof(line) - 1, MSG_DONTWAIT);
    line[length > 0 ? length : 0] = '\0';
    return line;
}

static void prefixes(void **state)
{
    (void)state;
    log_error("a %d", 1);
    assert_string_equal(written(), "pgcrier: error: a 1\n");
    log_warning("b");
    assert_string_equal(written(), "pgcrier: warning: b\n");
    log_notice("listening on …");
    assert_string_equal(written(), "pgcrier: listening on …\n");
    log_debug("c");
    assert_string_equal(written(), "pgcrier: debug: c\n");
}

static void levels(void **state)
{
    (void)state;
    static const char *const names[] = {"error", "warning", "notice", "debug"};
    for (int i = 0; i < 4; i++) {
        enum log_level level = LOG_DEBUG;
        assert_int_equal(log_level_from_name(names[i], &level), 0);
        assert_int_equal(level, i);
        log_set_level(level);
        for (int j = 0; j < 4; j++) {
            log_line((enum log_level)j, "x");
            assert_int_equal(strlen(written()) > 0, j <= i);
        }
    }
    enum log_level untouched = LOG_WARNING;
    assert_int_equal(log_level_from_name("Error", &untouched), -1);
    assert_int_equal(log_level_from_name("", &untouched), -1);
    assert_int_equal(untouched, LOG_WARNING);
}

static void forgery(void **state)
{
    (void)state;
    log_notice("%s", "a\nb\rc\td\x1b[2Je\x7f" "f\xc2\x9bg\xc2\xa0h\xe9\xff");
    assert_string_equal(written(),
                        "pgcrier: a\\nb\\rc\\td\\x1b[2Je\\x7ff\\xc2\\x9bg\xc2\xa0h\xe9\xff\n");
    for (int c = 1; c < 256; c++) {
        log_notice("%c%c", c, 0x85);
        const char *line = written();
        for (size_t i = 0; i + 1 < strlen(line); i++)
            assert_true((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
        assert_null(strstr(line, "\xc2\x85"));
    }
}

static void long_lines(void **state)
{
    (void)state;
    static char text[5000];
    static const char *const pieces[] = {"x", "é", "€", "😀", "\n", "\xc2\x85"};
    for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
        for (size_t shift = 0; shift < 4; shift++) {
            size_t length = 0;
            memset(text, 'y', shift);
            for (length = shift; length < 4000; length += strlen(pieces[p]))
                memcpy(text + length, pieces[p], strlen(pieces[p]) + 1);
            log_notice("%s", text);
            const char *line = written();
            assert_in_range(strlen(line), 1980, 2000);
            assert_string_equal(line + strlen(line) - 4, "...\n");
            assert_true(utf8_is_valid(line, strlen(line)));
            assert_string_equal(written(), "");
        }
    }
    memset(text, 'x', 1987); /* exactly as long as what fits */
    text[1987] = '\0';
    log_notice("%s", text);
    assert_int_equal(strlen(written()), 9 + 1987 + 1);
    memset(text, 0x80, 4999); /* only ends of characters */
    log_notice("%s", text);
    assert_in_range(strlen(written()), 1900, 2000);
}

static void keeps_errno(void **state)
{
    (void)state;
    close(STDERR_FILENO);
    errno = EDOM;
    log_error("nobody reads this");
    assert_int_equal(errno, EDOM);
    assert_int_equal(open("/dev/full", O_WRONLY), STDERR_FILENO); /* the lowest that is free */
    log_error("no space left for this");
    assert_int_equal(errno, EDOM);
    dup2(saved, STDERR_FILENO);
}

static void full_pipe(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    dup2(fds[1], STDERR_FILENO);
    for (int i = 0; i < 100000; i++) /* far more than a pipe holds */
        log_error("%d", i);
    close(fds[1]);
    dup2(saved, STDERR_FILENO);
    close(fds[0]);
}

static void *chatter(void *letter)
{
    for (int i = 0; i < LINES; i++)
        log_error("%c%c%c%c%c%c%c%c", *(char *)letter, *(char *)letter, *(char *)letter,
                  *(char *)letter, *(char *)letter, *(char *)letter, *(char *)letter,
                  *(char *)letter);
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    int fds[2], read_lines = 0;
    pthread_t threads[THREADS];
    static char letters[] = "abcd", line[128];
    assert_int_equal(pipe(fds), 0);
    dup2(fds[1], STDERR_FILENO);
    close(fds[1]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, chatter, &letters[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    dup2(saved, STDERR_FILENO);
    FILE *pipe = fdopen(fds[0], "r");
    for (; fgets(line, sizeof(line), pipe) != NULL; read_lines++) {
        assert_int_equal(strlen(line), strlen("pgcrier: error: aaaaaaaa\n"));
        assert_int_equal(strspn(line + 16, (char[]){line[16], '\0'}), 8);
    }
    fclose(pipe);
    assert_int_equal(read_lines, THREADS * LINES);
}

#define LOGGED(sentence, function) {sentence, function, redirect, restore, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOGGED("log: a line says who speaks and how bad it is, in one write", prefixes),
        LOGGED("log: what is above the level is silent", levels),
        LOGGED("log: what is logged cannot forge a line or command a terminal", forgery),
        LOGGED("log: a line has 2,000 octets at most and cuts no character in two", long_lines),
        LOGGED("log: a closed stderr is ignored, errno stays", keeps_errno),
        LOGGED("log: a full stderr stops nobody", full_pipe),
        LOGGED("log: lines of several threads never mix", many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
