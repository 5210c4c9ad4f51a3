/* options.c -- one table of options: the command line, the file of --config, and --help.
 *
 * Values come from three sources, each later one winning: the table's defaults, the file, the
 * command line. All three go through set(), so that a default is spelled, and checked, like
 * anything else. A source that names a list (--listen) replaces the list of the earlier ones; within
 * one source it adds to it, while the last of several plain values counts.
 */
#include "options.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>
#include "buffer.h"

enum {
    FILE_MAX = 65536,       /* octets of a --config file */
    RESERVED_FILES = 64,    /* descriptors that are not connections of clients */
    THREADS_MAX = 64,
    CONNECTIONS_MAX = 1000000,
    HELP_COLUMN = 31,
};

enum kind { STRING, DIRECTORY, ADDRESSES, COUNT, MILLISECONDS, OCTETS, SIZE, LEVEL, CONFIG, HELP, VERSION };

struct row {
    const char *name;
    const char *argument; /* how --help calls the value; NULL: takes none */
    const char *initial;  /* the default as text; NULL: none, or found at start */
    const char *help;
    enum kind kind;
    size_t offset;     /* of the field */
    uint64_t min, max; /* of a number, in the field's unit */
};

#define AT(field) offsetof(struct options, field)
#define ANY_ADDRESS "[HOST:]PORT|unix:PATH"
enum { SECOND = 1000, HOUR = 3600 * SECOND };

static const struct row table[] = {
    {"database", "URL", "", "PostgreSQL's URL or conninfo; without one, libpq's environment counts",
     STRING, AT(database), 0, 0},
    {"listen-database", "URL", NULL, "another one for LISTEN, where --database goes through a pooler",
     STRING, AT(listen_database), 0, 0},
    {"listen", ANY_ADDRESS, "8080", "where clients are served; may be repeated", ADDRESSES, AT(listen), 0, 0},
    {"admin", ANY_ADDRESS, NULL, "where /healthz, /readyz and /metrics are served; may be repeated",
     ADDRESSES, AT(admin), 0, 0},
    {"public", "DIR", NULL, "serve the static files of this directory", DIRECTORY, AT(public_dir), 0, 0},
    {"threads", "N", NULL, "worker threads (default: the number of processors)",
     COUNT, AT(threads), 1, THREADS_MAX},
    {"pool", "N", "4", "database connections for reads", COUNT, AT(pool), 1, 64},
    {"query-timeout", "TIME", "30s", "a read takes at most this", MILLISECONDS, AT(query_timeout_ms), 10, HOUR},
    {"heartbeat", "TIME", "15s", "how often an idle stream gets a comment",
     MILLISECONDS, AT(heartbeat_ms), 20, HOUR},
    {"frame-budget", "SIZE", "256MiB", "what slow readers alone may keep in memory",
     SIZE, AT(frame_budget), 0, SIZE_MAX / 2},
    {"slow-rate", "SIZE", "4KiB", "a reader slower than this per second is cut, after --slow-time",
     OCTETS, AT(slow_rate), 0, 1u << 30},
    {"slow-time", "TIME", "30s", "see --slow-rate", MILLISECONDS, AT(slow_time_ms), 100, HOUR},
    {"max-connections", "N", NULL, "clients at once (default: what the limit of open files leaves)",
     COUNT, AT(max_connections), 1, CONNECTIONS_MAX},
    {"drain", "TIME", "9s", "how long SIGTERM waits for requests to end", MILLISECONDS, AT(drain_ms), 0, HOUR},
    {"log-level", "LEVEL", "notice", "error, warning, notice or debug", LEVEL, AT(log_level), 0, 0},
    {"config", "FILE", NULL, "read options from FILE, lines of NAME VALUE; # begins a comment", CONFIG, 0, 0, 0},
    {"help", NULL, NULL, "print this and exit", HELP, 0, 0, 0},
    {"version", NULL, NULL, "print the version and exit", VERSION, 0, 0, 0},
};
enum { ROWS = sizeof(table) / sizeof(table[0]) };

/* One of the three sources, while it is read. */
struct source {
    struct options *o;
    const char *file; /* NULL: the command line */
    unsigned line;
    bool given[ROWS]; /* which options this source has set already */
};

/* -- complaints -- */

static int complain(const struct source *s, const struct row *row, const char *value, const char *wanted)
{
    struct buffer where;
    buffer_init(&where, 4096);
    if (s->file != NULL)
        buffer_printf(&where, "%s, line %u: %s", s->file, s->line, row->name);
    else
        buffer_printf(&where, "--%s", row->name);
    log_error("%s: \"%s\" is not %s", where.length > 0 ? where.bytes : row->name, value, wanted);
    buffer_dispose(&where);
    return -1;
}

/* -- values -- */

static void set_text(char **field, const char *value)
{
    free(*field);
    *field = must_strdup(value);
}

struct unit {
    const char *name;
    uint64_t factor;
};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit times[] = {{"", 1}, {"ms", 1}, {"s", SECOND}, {"min", 60 * SECOND}, {"h", HOUR}, {NULL, 0}};
static const struct unit sizes[] = {{"", 1}, {"B", 1}, {"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
                                    {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {NULL, 0}};

/* Digits and one of the units; 0, or -1 for anything else and for what no 64 bits hold. */
static int read_number(const char *text, const struct unit *units, uint64_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0)
        return -1;
    errno = 0;
    unsigned long long n = strtoull(text, NULL, 10);
    for (const struct unit *u = units; errno == 0 && u->name != NULL; u++)
        if (strcmp(text + digits, u->name) == 0)
            return __builtin_mul_overflow((uint64_t)n, u->factor, number) ? -1 : 0;
    return -1;
}

static int set_number(struct source *s, const struct row *row, const char *value)
{
    uint64_t n;
    const struct unit *units = row->kind == COUNT ? no_units : row->kind == MILLISECONDS ? times : sizes;
    if (read_number(value, units, &n) != 0 || n < row->min || n > row->max) {
        const char *what = row->kind == COUNT          ? "a number"
                           : row->kind == MILLISECONDS ? "a time (milliseconds, or like 50ms, 30s, 5min)"
                                                       : "a size (octets, or like 64KiB, 256MiB)";
        char wanted[128];
        snprintf(wanted, sizeof(wanted), "%s from %ju to %ju", what, (uintmax_t)row->min, (uintmax_t)row->max);
        return complain(s, row, value, wanted);
    }
    if (row->kind == SIZE)
        *(size_t *)((char *)s->o + row->offset) = n;
    else
        *(unsigned *)((char *)s->o + row->offset) = (unsigned)n;
    return 0;
}

static void clear_address(struct address *a)
{
    free(a->host);
    free(a->port);
    free(a->path);
    *a = (struct address){NULL, NULL, NULL};
}

/* [HOST:]PORT, where a HOST with colons stands in brackets, or unix:PATH. */
static int read_address(const char *value, struct address *a)
{
    if (strncmp(value, "unix:", 5) == 0) {
        size_t length = strlen(value + 5);
        if (length == 0 || length >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
            return -1;
        *a = (struct address){.path = must_strdup(value + 5)};
        return 0;
    }
    const char *colon = strrchr(value, ':'), *port = colon != NULL ? colon + 1 : value, *host = value;
    size_t length = colon != NULL ? (size_t)(colon - value) : 0;
    uint64_t number;
    if (read_number(port, no_units, &number) != 0 || number > 65535)
        return -1;
    if (length > 2 && host[0] == '[' && host[length - 1] == ']')
        host++, length -= 2;
    else if (memchr(host, ':', length) != NULL)
        return -1;
    if ((colon != NULL && length == 0) || memchr(host, '[', length) || memchr(host, ']', length))
        return -1;
    *a = (struct address){.host = colon != NULL ? must_strndup(host, length) : NULL, .port = must_strdup(port)};
    return 0;
}

static size_t *count_of(struct options *o, const struct row *row)
{
    return row->offset == AT(listen) ? &o->listen_count : &o->admin_count;
}

static void clear_addresses(struct options *o, const struct row *row)
{
    struct address *list = (struct address *)((char *)o + row->offset);
    for (size_t *count = count_of(o, row); *count > 0;)
        clear_address(&list[--*count]);
}

static int add_address(struct source *s, const struct row *row, const char *value)
{
    struct address *list = (struct address *)((char *)s->o + row->offset);
    size_t *count = count_of(s->o, row);
    if (!s->given[row - table])
        clear_addresses(s->o, row);
    if (*count == OPTIONS_MAX_LISTEN)
        return complain(s, row, value, "one of the first 16 addresses, and more are not served");
    if (read_address(value, &list[*count]) != 0)
        return complain(s, row, value,
                        "an address: PORT, HOST:PORT, [IPV6]:PORT, or unix:PATH of at most 107 octets");
    ++*count;
    return 0;
}

static int set(struct source *s, const struct row *row, const char *value)
{
    int result = 0;
    switch (row->kind) {
    case DIRECTORY:
        if (*value == '\0')
            return complain(s, row, value, "a directory");
        /* fall through */
    case STRING: set_text((char **)((char *)s->o + row->offset), value); break;
    case ADDRESSES: result = add_address(s, row, value); break;
    case LEVEL:
        if (log_level_from_name(value, (enum log_level *)((char *)s->o + row->offset)) != 0)
            return complain(s, row, value, row->help);
        break;
    case COUNT:
    case MILLISECONDS:
    case OCTETS:
    case SIZE: result = set_number(s, row, value); break;
    case CONFIG:
    case HELP:
    case VERSION: break; /* seen to before */
    }
    s->given[row - table] = true;
    return result;
}

static const struct row *find_row(const char *name, size_t length)
{
    for (const struct row *row = table; row < table + ROWS; row++)
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0)
            return row;
    return NULL;
}

/* -- defaults -- */

static unsigned processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : count > THREADS_MAX ? THREADS_MAX : (unsigned)count;
}

static unsigned connections(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= RESERVED_FILES)
        return 1;
    rlim_t rest = limit.rlim_cur - RESERVED_FILES;
    return rest > CONNECTIONS_MAX ? CONNECTIONS_MAX : (unsigned)rest;
}

static void set_defaults(struct options *o)
{
    struct source defaults = {.o = o};
    *o = (struct options){.threads = processors(), .max_connections = connections()};
    for (const struct row *row = table; row < table + ROWS; row++)
        if (row->initial != NULL)
            set(&defaults, row, row->initial);
}

/* -- the file -- */

/* The text of the file, NUL-terminated, or NULL after a complaint. */
static char *slurp(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        log_error("--config: cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = must_alloc(FILE_MAX + 1);
    size_t length = fread(text, 1, FILE_MAX + 1, file);
    const char *trouble = ferror(file)                       ? strerror(errno)
                          : length > FILE_MAX                ? "it is longer than 64 KiB"
                          : memchr(text, '\0', length) != NULL ? "it is not a text"
                                                             : NULL;
    fclose(file);
    if (trouble == NULL)
        return text;
    log_error("--config: cannot read %s: %s", path, trouble);
    free(text);
    return NULL;
}

static const char blanks[] = " \t\r";

/* Ends a line before its comment, which begins with '#' at the line's begin or after a blank, and
 * before trailing blanks. */
static void strip(char *line)
{
    for (char *hash = strchr(line, '#'); hash != NULL; hash = strchr(hash + 1, '#'))
        if (hash == line || strchr(blanks, hash[-1]) != NULL)
            *hash = '\0';
    size_t length = strlen(line);
    while (length > 0 && strchr(blanks, line[length - 1]) != NULL)
        line[--length] = '\0';
}

/* "name value" or "name = value"; an empty line is fine. */
static int read_line(struct source *s, char *line)
{
    strip(line);
    line += strspn(line, blanks);
    if (*line == '\0')
        return 0;
    size_t length = strcspn(line, " \t\r=");
    const struct row *row = find_row(line, length);
    if (row == NULL || row->kind >= CONFIG) {
        log_error("%s, line %u: no option \"%.*s\" for a file; pgcrier --help lists them", s->file, s->line,
                  (int)length, line);
        return -1;
    }
    char *value = line + length + strspn(line + length, blanks);
    if (*value == '=')
        value += 1 + strspn(value + 1, blanks);
    return set(s, row, value);
}

static int read_file(struct options *o, const char *path)
{
    struct source s = {.o = o, .file = path};
    char *text = slurp(path), *rest = text, *line;
    int result = text != NULL ? 0 : -1;
    while (result == 0 && (line = strsep(&rest, "\n")) != NULL) {
        s.line++;
        result = read_line(&s, line);
    }
    free(text);
    return result;
}

/* -- the command line -- */

static void print_help(void)
{
    printf("Usage: pgcrier --database URL [OPTION]...\n"
           "PostgreSQL's town crier: serves what SQL functions return as JSON and as live streams.\n\n");
    for (const struct row *row = table; row < table + ROWS; row++) {
        int width = printf("  --%s%s%s", row->name, row->argument ? " " : "", row->argument ? row->argument : "");
        if (width >= HELP_COLUMN)
            width = printf("\n") - 1;
        printf("%*s%s", HELP_COLUMN - width, "", row->help);
        if (row->initial != NULL && *row->initial != '\0')
            printf(" (default: %s)", row->initial);
        printf("\n");
    }
}

/* Finds the row of argv[*i], and its value, in the same argument after '=' or in the next one.
 * Returns NULL after a complaint. */
static const struct row *read_argument(char **argv, int *i, const char **value)
{
    const char *text = argv[*i];
    if (strcmp(text, "-h") == 0 || strcmp(text, "-V") == 0)
        text = text[1] == 'h' ? "--help" : "--version";
    if (strncmp(text, "--", 2) != 0 || text[2] == '\0') {
        log_error("unexpected argument \"%s\"; pgcrier --help lists what is expected", argv[*i]);
        return NULL;
    }
    size_t length = strcspn(text + 2, "=");
    const struct row *row = find_row(text + 2, length);
    *value = text[2 + length] == '=' ? text + 2 + length + 1 : NULL;
    if (row == NULL)
        log_error("no option --%.*s; pgcrier --help lists them", (int)length, text + 2);
    else if (row->argument == NULL && *value != NULL)
        log_error("--%s takes no value", row->name), row = NULL;
    else if (row->argument != NULL && *value == NULL) {
        *value = argv[*i + 1];
        if (*value == NULL || strncmp(*value, "--", 2) == 0)
            log_error("--%s needs a value: %s", row->name, row->argument), row = NULL;
        else
            ++*i;
    }
    return row;
}

/* Walks argv once for what comes before everything else. Returns 0 to go on, 1 when done, -1. */
static int look_ahead(char **argv, const char **config)
{
    const char *value;
    for (int i = 1; argv[i] != NULL; i++) {
        const struct row *row = read_argument(argv, &i, &value);
        if (row == NULL)
            return -1;
        if (row->kind == HELP)
            return print_help(), 1;
        if (row->kind == VERSION)
            return printf("pgcrier %s\n", PACKAGE_VERSION), 1;
        if (row->kind == CONFIG)
            *config = value;
    }
    return 0;
}

static int read_command_line(struct options *o, char **argv)
{
    struct source s = {.o = o};
    const char *value;
    for (int i = 1; argv[i] != NULL; i++) {
        const struct row *row = read_argument(argv, &i, &value);
        if (row == NULL || set(&s, row, value) != 0)
            return -1;
    }
    return 0;
}

int options_parse(struct options *o, int argc, char **argv, int *status)
{
    const char *config = NULL;
    set_defaults(o);
    int result = argc > 0 ? look_ahead(argv, &config) : 0;
    if (result == 0 && config != NULL)
        result = read_file(o, config);
    if (result == 0 && argc > 0)
        result = read_command_line(o, argv);
    if (result == 0)
        return 0;
    *status = result > 0 ? 0 : 2;
    options_dispose(o);
    return -1;
}

void options_dispose(struct options *o)
{
    for (const struct row *row = table; row < table + ROWS; row++)
        if (row->kind == ADDRESSES)
            clear_addresses(o, row);
    free(o->database);
    free(o->listen_database);
    free(o->public_dir);
    *o = (struct options){0};
}
