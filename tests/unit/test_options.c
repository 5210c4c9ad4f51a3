/* test_options.c -- the command line, the file of --config, and --help.
 *
 * stdout and stderr go to temporary files while a command line is parsed, so that a test can count
 * lines: a wrong option is one clear line on stderr and nothing on stdout.
 */
#include "promise.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "buffer.h"
#include "options.h"

static char out[16384], err[16384]; /* what the last parse wrote */

static void read_back(FILE *file, char *text, size_t size)
{
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
}

/* Parses words divided by '|'; returns the exit status, or -1 to go on. */
static int parse(struct options *o, const char *words)
{
    char *copy = must_strdup(words), *rest = copy, *argv[64] = {"pgcrier"};
    int argc = 1, status = -1;
    while (rest != NULL && *words != '\0')
        argv[argc++] = strsep(&rest, "|");
    FILE *files[] = {tmpfile(), tmpfile()};
    fflush(stdout);
    int saved[] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    dup2(fileno(files[0]), STDOUT_FILENO);
    dup2(fileno(files[1]), STDERR_FILENO);
    int result = options_parse(o, argc, argv, &status);
    fflush(stdout);
    dup2(saved[0], STDOUT_FILENO);
    dup2(saved[1], STDERR_FILENO);
    close(saved[0]);
    close(saved[1]);
    read_back(files[0], out, sizeof(out));
    read_back(files[1], err, sizeof(err));
    free(copy);
    assert_int_equal(result != 0, status != -1);
    return result == 0 ? -1 : status;
}

static void accepted(struct options *o, const char *words)
{
    if (parse(o, words) != -1)
        fail_msg("%s: %s", words, err);
    assert_string_equal(out, "");
    assert_string_equal(err, "");
}

/* Status 2, nothing on stdout, and one line on stderr that mentions `word`. */
static void refuse(const char *words, const char *word)
{
    struct options o;
    int status = parse(&o, words);
    if (status == -1)
        options_dispose(&o);
    if (status != 2)
        fail_msg("%s: status %d", words, status);
    assert_string_equal(out, "");
    if (strncmp(err, "pgcrier: error: ", 16) != 0 || strchr(err, '\n') != err + strlen(err) - 1 ||
        strstr(err, word) == NULL)
        fail_msg("%s: does not say \"%s\" in one line: %s", words, word, err);
}

static char *file_of(const char *text, size_t length) /* its name, to be freed */
{
    char *name = must_strdup("/tmp/pgcrier-options-XXXXXX");
    int fd = mkstemp(name);
    assert_int_equal(write(fd, text, length), (ssize_t)length);
    close(fd);
    return name;
}

static void with_file(const char *text, size_t length, const char *words, struct options *o,
                      const char *complaint)
{
    char *name = file_of(text, length), command[1024];
    snprintf(command, sizeof(command), "--config|%s%s", name, words);
    if (o != NULL)
        accepted(o, command);
    else
        refuse(command, complaint);
    unlink(name);
    free(name);
}

static void defaults(void **state)
{
    (void)state;
    struct options o;
    cpu_set_t set;
    struct rlimit limit;
    sched_getaffinity(0, sizeof(set), &set);
    getrlimit(RLIMIT_NOFILE, &limit);
    accepted(&o, "");
    assert_string_equal(o.database, "");
    assert_null(o.listen_database);
    assert_null(o.public_dir);
    assert_int_equal(o.host_count, 0);
    assert_int_equal(o.listen_count, 1);
    assert_null(o.listen[0].host);
    assert_string_equal(o.listen[0].port, "8080");
    assert_null(o.listen[0].path);
    assert_int_equal(o.admin_count, 0);
    assert_int_equal(o.threads, CPU_COUNT(&set) > 64 ? 64 : CPU_COUNT(&set));
    assert_int_equal(o.pool, 4);
    assert_int_equal(o.query_timeout_ms, 30000);
    assert_int_equal(o.heartbeat_ms, 15000);
    assert_int_equal(o.frame_budget, 256 << 20);
    assert_int_equal(o.slow_rate, 4096);
    assert_int_equal(o.slow_time_ms, 30000);
    limit.rlim_cur -= 64;
    assert_int_equal(o.max_connections, limit.rlim_cur > 1000000 ? 1000000 : limit.rlim_cur);
    assert_int_equal(o.max_address_cuts, OPTIONS_NOT_GIVEN);
    assert_int_equal(o.drain_ms, 9000);
    assert_int_equal(o.log_level, LOG_NOTICE);
    options_dispose(&o);
    options_dispose(&o); /* twice is fine */
}

static void few_files(void **state)
{
    (void)state;
    struct options o;
    struct rlimit limit, few;
    getrlimit(RLIMIT_NOFILE, &limit);
    few = limit;
    few.rlim_cur = 100;
    setrlimit(RLIMIT_NOFILE, &few);
    accepted(&o, "");
    assert_int_equal(o.max_connections, 36);
    options_dispose(&o);
    few.rlim_cur = 30;
    setrlimit(RLIMIT_NOFILE, &few);
    accepted(&o, "");
    assert_int_equal(o.max_connections, 1);
    options_dispose(&o);
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void every_option(void **state)
{
    (void)state;
    struct options o;
    accepted(&o, "--database|postgresql://a@/b|--listen-database|dbname=x|--listen|1|--admin|2"
               "|--public|p|--threads|3|--pool|5|--query-timeout|50ms|--heartbeat|2min"
               "|--frame-budget|1GiB|--slow-rate|1kB|--slow-time|1h|--max-connections|9"
               "|--drain|0|--log-level|debug");
    assert_string_equal(o.database, "postgresql://a@/b");
    assert_string_equal(o.listen_database, "dbname=x");
    assert_string_equal(o.listen[0].port, "1");
    assert_string_equal(o.admin[0].port, "2");
    assert_string_equal(o.public_dir, "p");
    assert_int_equal(o.threads, 3);
    assert_int_equal(o.pool, 5);
    assert_int_equal(o.query_timeout_ms, 50);
    assert_int_equal(o.heartbeat_ms, 120000);
    assert_int_equal(o.frame_budget, 1 << 30);
    assert_int_equal(o.slow_rate, 1000);
    assert_int_equal(o.slow_time_ms, 3600000);
    assert_int_equal(o.max_connections, 9);
    assert_int_equal(o.drain_ms, 0);
    assert_int_equal(o.log_level, LOG_DEBUG);
    options_dispose(&o);
}

static void spellings(void **state)
{
    (void)state;
    struct options o;
    accepted(&o, "--pool=7|--database=host=/tmp dbname=x|--public=--odd");
    assert_int_equal(o.pool, 7);
    assert_string_equal(o.database, "host=/tmp dbname=x");
    assert_string_equal(o.public_dir, "--odd");
    options_dispose(&o);
    accepted(&o, "--pool|1|--pool|2|--database|"); /* the last one counts; empty is a value */
    assert_int_equal(o.pool, 2);
    assert_string_equal(o.database, "");
    options_dispose(&o);
    accepted(&o, "--frame-budget|8589934592|--query-timeout|300|--slow-rate|12B");
    assert_true(o.frame_budget == (size_t)8 << 30);
    assert_int_equal(o.query_timeout_ms, 300);
    assert_int_equal(o.slow_rate, 12);
    options_dispose(&o);
}

static void addresses(void **state)
{
    (void)state;
    struct options o;
    char path[120] = "unix:";
    memset(path + 5, 'p', 107);
    accepted(&o, "--listen|0|--listen|127.0.0.1:80|--listen|[::1]:65535|--listen|example.org:8080"
               "|--listen|unix:/tmp/a:b|--admin|9|--admin|[fe80::1%eth0]:7");
    assert_int_equal(o.listen_count, 5);
    assert_null(o.listen[0].host);
    assert_string_equal(o.listen[0].port, "0");
    assert_string_equal(o.listen[1].host, "127.0.0.1");
    assert_string_equal(o.listen[1].port, "80");
    assert_string_equal(o.listen[2].host, "::1");
    assert_string_equal(o.listen[2].port, "65535");
    assert_string_equal(o.listen[3].host, "example.org");
    assert_string_equal(o.listen[4].path, "/tmp/a:b");
    assert_null(o.listen[4].port);
    assert_null(o.listen[4].host);
    assert_int_equal(o.admin_count, 2);
    assert_string_equal(o.admin[1].host, "fe80::1%eth0");
    options_dispose(&o);
    char words[200];
    snprintf(words, sizeof(words), "--listen|%s", path);
    accepted(&o, words);
    assert_int_equal(strlen(o.listen[0].path), 107);
    options_dispose(&o);
    snprintf(words, sizeof(words), "--listen|%sp", path);
    refuse(words, "107 octets");
}

static void wrong_addresses(void **state)
{
    (void)state;
    static const char *const values[] = {
        "", ":", ":80", "a:", "a", "80a", "-1", "+80", " 80", "65536", "99999999999999999999",
        "::1:80",
        "::1", "[::1]", "[::1]:", "[::1:80", "::1]:80", "[]:80", "[a]:80", "[[::1]]:80", "a:b:80",
        "unix:", "http://a:80", "8080/",
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char words[64];
        snprintf(words, sizeof(words), "--listen=%s", values[i]);
        refuse(words, "is not PORT, HOST:PORT");
    }
    struct options o;
    char words[512] = "--pool|1";
    for (int i = 0; i < OPTIONS_MAX_LISTEN; i++)
        strcat(words, "|--listen|80");
    accepted(&o, words);
    assert_int_equal(o.listen_count, OPTIONS_MAX_LISTEN);
    options_dispose(&o);
    refuse(strcat(words, "|--listen|80"), "the first 16");
}

static void wrong_values(void **state)
{
    (void)state;
    refuse("--threads|0", "from 1 to 64");
    refuse("--threads|65", "from 1 to 64");
    refuse("--threads|-1", "\"-1\"");
    refuse("--threads|1s", "\"1s\"");
    refuse("--threads|", "--threads \"\"");
    refuse("--threads|0x10", "\"0x10\"");
    refuse("--threads|4294967297", "from 1 to 64");
    refuse("--threads|18446744073709551617", "from 1 to 64");
    refuse("--pool|many", "--pool \"many\"");
    refuse("--heartbeat|15", "from 20ms"); /* who means seconds shall learn of it */
    refuse("--heartbeat|1.5s", "30s");
    refuse("--heartbeat|1 s", "\"1 s\"");
    refuse("--drain|1S", "\"1S\"");
    refuse("--query-timeout|5124095576030431h", "\"5124095576030431h\"");
    refuse("--frame-budget|17179869184GiB", "64KiB");
    refuse("--frame-budget|1mib", "256MiB");
    refuse("--slow-rate|2GiB", "--slow-rate");
    refuse("--log-level|loud", "error, warning, notice or debug");
    refuse("--public|", "a directory");
    refuse("--public=", "a directory");
}

static void wrong_words(void **state)
{
    (void)state;
    refuse("--nonsense", "no option --nonsense");
    refuse("--nonsense=3", "no option --nonsense;");
    refuse("--thread|3", "no option --thread;"); /* no guessing */
    refuse("--Threads|3", "--help");
    refuse("--=3", "no option --;");
    refuse("--", "unexpected");
    refuse("-p|3", "unexpected argument \"-p\"");
    refuse("postgresql://x", "unexpected");
}

static void missing_values(void **state)
{
    (void)state;
    refuse("--pool", "--pool needs a value: N");
    refuse("--public|--pool|3", "--public needs a value: DIR");
    refuse("--help=yes", "--help takes no value");
    refuse("--version=", "--version takes no value");
}

static void help(void **state)
{
    (void)state;
    struct options o;
    static const char *const said[] = {
        "--database URL", "--listen-database URL", "--listen [HOST:]PORT|unix:PATH", "--admin",
        "--public DIR", "--threads N", "--pool N", "--query-timeout TIME", "--heartbeat TIME",
        "--frame-budget SIZE", "--slow-rate SIZE", "--slow-time TIME", "--max-connections N",
        "--drain TIME", "--log-level LEVEL", "--config FILE", "--help", "--version",
        "(default: 8080)", "(default: 30s)", "(default: 15s)", "(default: 256MiB)",
        "(default: 4KiB)", "(default: 9s)", "(default: notice)", "(default: 4)",
    };
    assert_int_equal(parse(&o, "--threads|abc|--help"), 0);
    assert_string_equal(err, "");
    for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++)
        if (strstr(out, said[i]) == NULL)
            fail_msg("--help does not say %s", said[i]);
    for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_in_range(strlen(line), 1, 100);
    assert_int_equal(parse(&o, "-h"), 0);
    assert_non_null(strstr(out, "Usage: pgcrier"));
    assert_int_equal(parse(&o, "--version"), 0);
    assert_string_equal(out, "pgcrier " PACKAGE_VERSION "\n");
    assert_int_equal(parse(&o, "-V|--help"), 0);
    assert_string_equal(out, "pgcrier " PACKAGE_VERSION "\n");
}

#define FILE_GIVES(text, words, o) with_file(text, sizeof(text) - 1, words, o, NULL)
#define FILE_REFUSED(text, complaint) with_file(text, sizeof(text) - 1, "", NULL, complaint)

static void files(void **state)
{
    (void)state;
    struct options o;
    FILE_GIVES("# pgcrier's options\n\n  pool 7 # seven\nheartbeat=30s\nquery-timeout\t=\t1s\r\n"
               "database host=/tmp password=a#b dbname=x   \nlisten 1\n"
               "listen unix:/tmp/s\n#pool 8\n"
               "public=/srv/my files #static\nlisten-database =\nlog-level debug", "", &o);
    assert_int_equal(o.pool, 7);
    assert_int_equal(o.heartbeat_ms, 30000);
    assert_int_equal(o.query_timeout_ms, 1000);
    assert_string_equal(o.database, "host=/tmp password=a#b dbname=x");
    assert_int_equal(o.listen_count, 2);
    assert_string_equal(o.listen[1].path, "/tmp/s");
    assert_string_equal(o.public_dir, "/srv/my files");
    assert_string_equal(o.listen_database, "");
    assert_int_equal(o.log_level, LOG_DEBUG);
    options_dispose(&o);
    FILE_GIVES("", "", &o);
    assert_int_equal(o.listen_count, 1);
    options_dispose(&o);
}

static void who_wins(void **state)
{
    (void)state;
    struct options o;
    FILE_GIVES("pool 7\nthreads 3\nlisten 1\nlisten 2\nadmin 3\npool 6\n",
               "|--pool|9|--listen|4", &o);
    assert_int_equal(o.pool, 9);
    assert_int_equal(o.threads, 3);
    assert_int_equal(o.listen_count, 1); /* the command line's list replaces the file's */
    assert_string_equal(o.listen[0].port, "4");
    assert_int_equal(o.admin_count, 1);
    options_dispose(&o);
}

static void wrong_files(void **state)
{
    (void)state;
    static char large[65537];
    FILE_REFUSED("pool 7\n\nthreads 0\n", "line 3: threads \"0\" is not a number from 1 to 64");
    FILE_REFUSED("nonsense 1\n", "line 1: no option \"nonsense\"");
    FILE_REFUSED("pool\n", "pool \"\" is not a number");
    FILE_REFUSED("--pool 7\n", "no option \"--pool\"");
    FILE_REFUSED("=7\n", "no option \"\"");
    FILE_REFUSED("config other\n", "no option \"config\" for a file");
    FILE_REFUSED("help\n", "no option \"help\"");
    FILE_REFUSED("version\n", "no option \"version\"");
    FILE_REFUSED("pool 7\0\n", "not a text");
    FILE_REFUSED("listen a\xff\x1b[2J\n", "line 1: listen");
    memset(large, '\n', sizeof(large));
    with_file(large, sizeof(large), "", NULL, "longer than 64 KiB");
    struct options o;
    with_file(large, sizeof(large) - 1, "", &o, NULL);
    options_dispose(&o);
    refuse("--config|/nonexistent/file", "cannot open /nonexistent/file: No such file");
    refuse("--config|/tmp", "cannot read /tmp: Is a directory");
    refuse("--config", "--config needs a value: FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("options: without any, the documented defaults", defaults),
        PROMISE("options: connections leave descriptors for everything else", few_files),
        PROMISE("options: every option reaches its field", every_option),
        PROMISE("options: a value stands behind '=' or next, the last one counts", spellings),
        PROMISE("options: an address is a port, a host and a port, or a socket's path", addresses),
        PROMISE("options: any other address is refused with the four right ones", wrong_addresses),
        PROMISE("options: a wrong value is one line that says what would be right", wrong_values),
        PROMISE("options: an unknown word is one line that points to --help", wrong_words),
        PROMISE("options: a missing value is asked for, an unwanted one refused", missing_values),
        PROMISE("options: --help and --version go to stdout, before anything else", help),
        PROMISE("options: a file has a name and a value on each line", files),
        PROMISE("options: the command line wins over the file, a list as a whole", who_wins),
        PROMISE("options: a wrong file is one line with its name and the line's number",
                wrong_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
