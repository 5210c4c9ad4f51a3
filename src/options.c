/* options.c -- one table of options: the command line, the file of --config, and --help.
 *
 * Values come from three sources, each later one winning: the table's defaults, the file, the
 * command line. All three go through set(), so that a default is spelled, and checked, like
 * anything else. A source that names a list (--listen) replaces the list of the earlier ones;
 * within one source it adds to it, while the last of several plain values counts.
 */
#include "options.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "buffer.h"
#include "host.h"
#include "origin.h"
#include "path.h"

enum {
    FILE_MAX = 65536,    /* octets of a --config file */
    RESERVED_FILES = 64, /* descriptors that are not connections of clients */
    THREADS_MAX = 64,
    CONNECTIONS_MAX = 1000000,
    HELP_COLUMN = 31,
};

enum kind {
    IS_STRING,
    IS_DIRECTORY,
    IS_PREFIX,
    IS_ADDRESSES, /* the lists */
    IS_HOSTS,
    IS_ORIGINS,
    IS_NETWORKS,
    IS_COUNT,
    IS_MILLISECONDS,
    IS_OCTETS,
    IS_SIZE, /* octets, too many for an unsigned */
    IS_LEVEL,
    IS_FLAG,   /* on the command line without a value */
    IS_CONFIG, /* from here on: only on the command line */
    IS_HELP,
    IS_VERSION,
};

struct row {
    const char *name;
    const char *argument; /* how --help calls the value; NULL: takes none */
    const char *initial;  /* the default as text; NULL: none, or found at start */
    const char *help;
    enum kind kind;
    size_t offset;     /* of the field */
    uint64_t min, max; /* of a number, in the field's unit; of a list, how long it may be */
};

#define AT(field) offsetof(struct options, field)
#define ADDRESS "[HOST:]PORT|unix:PATH"
enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE }; /* [ms] */

static const struct row table[] = {
    {"database", "URL", "", "URL or conninfo of PostgreSQL (default: libpq's environment)",
     IS_STRING, AT(database), 0, 0},
    {"listen-database", "URL", NULL, "another one for LISTEN, past a pooler",
     IS_STRING, AT(listen_database), 0, 0},
    {"listen", ADDRESS, "8080", "where clients are served; may be repeated",
     IS_ADDRESSES, AT(listen), 0, OPTIONS_MAX_LISTEN},
    {"tls-listen", "[HOST:]PORT", NULL, "where clients are served over TLS; may be repeated",
     IS_ADDRESSES, AT(tls_listen), 0, OPTIONS_MAX_LISTEN},
    {"tls-cert", "FILE", NULL, "its certificate with the chain, in PEM; read again at SIGHUP",
     IS_STRING, AT(tls_cert), 0, 0},
    {"tls-key", "FILE", NULL, "the certificate's key, in PEM",
     IS_STRING, AT(tls_key), 0, 0},
    {"admin", ADDRESS, NULL, "where health and metrics are served; may be repeated",
     IS_ADDRESSES, AT(admin), 0, OPTIONS_MAX_LISTEN},
    {"reuse-port", NULL, NULL, "share the ports with the relay that takes over",
     IS_FLAG, AT(reuse_port), 0, 0},
    {"public", "DIR", NULL, "serve the static files of this directory",
     IS_DIRECTORY, AT(public_dir), 0, 0},
    {"prefix", "PATH", "", "all URLs live under this path, like /live",
     IS_PREFIX, AT(prefix), 0, 0},
    {"host", "NAME", NULL, "answer to this name alone (default: any); may be repeated",
     IS_HOSTS, AT(host), 0, OPTIONS_MAX_HOSTS},
    {"allow-origin", "ORIGIN|*", NULL, "pages of this origin may use it; may be repeated",
     IS_ORIGINS, AT(allow_origin), 0, OPTIONS_MAX_ORIGINS},
    {"trusted-proxy", "ADDRESS[/BITS]|unix", NULL,
     "believe what it says of its clients; may be repeated",
     IS_NETWORKS, AT(trusted_proxy), 0, OPTIONS_MAX_NETWORKS},
    {"threads", "N", NULL, "worker threads (default: the processors)",
     IS_COUNT, AT(threads), 1, THREADS_MAX},
    {"pool", "N", "4", "database connections for reads", IS_COUNT, AT(pool), 1, 64},
    {"query-timeout", "TIME", "30s", "a read takes at most this",
     IS_MILLISECONDS, AT(query_timeout_ms), 10, HOUR},
    {"heartbeat", "TIME", "15s", "an idle stream gets a comment this often",
     IS_MILLISECONDS, AT(heartbeat_ms), 20, HOUR},
    {"frame-budget", "SIZE", "256MiB", "what slow readers alone may keep in memory",
     IS_SIZE, AT(frame_budget), 0, SIZE_MAX / 2},
    {"slow-rate", "SIZE", "4KiB", "slower readers, per second, are cut",
     IS_OCTETS, AT(slow_rate), 0, 1u << 30},
    {"slow-time", "TIME", "30s", "when they have been that slow for this long",
     IS_MILLISECONDS, AT(slow_time_ms), 100, HOUR},
    {"max-connections", "N", NULL, "clients at once (default: what open files allow)",
     IS_COUNT, AT(max_connections), 1, CONNECTIONS_MAX},
    {"max-address-connections", "N", NULL, "of one address (default: 1000; this machine's: any)",
     IS_COUNT, AT(max_address_connections), 1, CONNECTIONS_MAX},
    {"max-address-streams", "N", NULL, "of one address (default: 1000; this machine's: any)",
     IS_COUNT, AT(max_address_streams), 1, CONNECTIONS_MAX},
    {"max-address-cuts", "N", NULL, "of it that misbehave, 0: any (default: 20; this machine's: any)",
     IS_COUNT, AT(max_address_cuts), 0, 1000000},
    {"max-head", "SIZE", "64KiB", "a request's line and headers",
     IS_SIZE, AT(max_head), 1024, 256 << 10},
    {"max-body", "SIZE", "16MiB", "a request's body",
     IS_SIZE, AT(max_body), 0, (size_t)1 << 30},
    {"body-budget", "SIZE", "256MiB", "all bodies that are being received or answered",
     IS_SIZE, AT(body_budget), 65536, SIZE_MAX / 2},
    {"head-time", "TIME", "10s", "a request's headers take at most this",
     IS_MILLISECONDS, AT(head_time_ms), 100, HOUR},
    {"max-connection-streams", "N", "256", "requests at once of an HTTP/2 connection",
     IS_COUNT, AT(max_connection_streams), 1, 10000},
    {"max-resets", "N", "20", "that it may give up per second; it is ended beyond",
     IS_COUNT, AT(max_resets), 1, 10000},
    {"drain", "TIME", "9s", "how long SIGTERM waits for requests to end",
     IS_MILLISECONDS, AT(drain_ms), 0, HOUR},
    {"log-level", "LEVEL", "notice", "error, warning, notice or debug",
     IS_LEVEL, AT(log_level), 0, 0},
    {"config", "FILE", NULL, "read options from lines of NAME VALUE; # begins a comment",
     IS_CONFIG, 0, 0, 0},
    {"help", NULL, NULL, "print this and exit", IS_HELP, 0, 0, 0},
    {"version", NULL, NULL, "print the version and exit", IS_VERSION, 0, 0, 0},
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

static int complain(const struct source *s, const struct row *row, const char *value,
                    const char *wanted)
{
    if (s->file != NULL)
        log_error("%s, line %u: %s \"%s\" is not %s", s->file, s->line, row->name, value, wanted);
    else
        log_error("--%s \"%s\" is not %s", row->name, value, wanted);
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
static const struct unit times[] = {
    {"", 1}, {"ms", 1}, {"s", SECOND}, {"min", MINUTE}, {"h", HOUR}, {NULL, 0},
};
static const struct unit sizes[] = {
    {"", 1},     {"B", 1},     {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
    {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {NULL, 0},
};

/* Digits and one of the units; 0, or -1 for anything else. Too many digits give the largest number
 * there is (strtoull), which is above every maximum. */
static int read_number(const char *text, const struct unit *units, uint64_t *number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0)
        return -1;
    unsigned long long n = strtoull(text, NULL, 10);
    for (const struct unit *u = units; u->name != NULL; u++)
        if (strcmp(text + digits, u->name) == 0)
            return __builtin_mul_overflow((uint64_t)n, u->factor, number) ? -1 : 0;
    return -1;
}

static int complain_of_number(const struct source *s, const struct row *row, const char *value)
{
    const char *what = "a size, like 4096, 64KiB or 256MiB,";
    if (row->kind == IS_COUNT)
        what = "a number";
    else if (row->kind == IS_MILLISECONDS)
        what = "a time, like 50ms, 30s or 5min,";
    const char *unit = row->kind == IS_MILLISECONDS ? "ms" : "";
    char wanted[128];
    snprintf(wanted, sizeof(wanted), "%s from %ju%s to %ju%s", what, (uintmax_t)row->min, unit,
             (uintmax_t)row->max, unit);
    return complain(s, row, value, wanted);
}

static int set_number(struct source *s, const struct row *row, const char *value)
{
    const struct unit *units = row->kind == IS_COUNT ? no_units
                               : row->kind == IS_MILLISECONDS ? times
                                                              : sizes;
    char *field = (char *)s->o + row->offset;
    uint64_t n;
    if (read_number(value, units, &n) != 0 || n < row->min || n > row->max)
        return complain_of_number(s, row, value);
    if (row->kind == IS_SIZE)
        *(size_t *)field = (size_t)n;
    else
        *(unsigned *)field = (unsigned)n;
    return 0;
}

/* --- lists: a field and the count of its entries ------------------------------------------------- */

static size_t *count_of(struct options *o, const struct row *row)
{
    switch (row->offset) {
    case AT(listen):
        return &o->listen_count;
    case AT(tls_listen):
        return &o->tls_listen_count;
    case AT(admin):
        return &o->admin_count;
    case AT(host):
        return &o->host_count;
    case AT(allow_origin):
        return &o->allow_origin_count;
    default:
        return &o->trusted_proxy_count;
    }
}

static bool is_list(const struct row *row)
{
    return row->kind >= IS_ADDRESSES && row->kind <= IS_NETWORKS;
}

static void clear_list(struct options *o, const struct row *row)
{
    char *list = (char *)o + row->offset;

    for (size_t *count = count_of(o, row); *count > 0;) {
        --*count;
        if (row->kind == IS_ADDRESSES)
            address_dispose(&((struct address *)list)[*count]);
        else if (row->kind == IS_HOSTS || row->kind == IS_ORIGINS)
            free(((char **)list)[*count]);
    }
}

static int add_address(struct source *s, const struct row *row, const char *value, char *list, size_t at)
{
    if (address_parse(value, &((struct address *)list)[at]) == 0)
        return 0;
    return complain(s, row, value, "PORT, HOST:PORT, [IPV6]:PORT, or unix:PATH of at most 107 octets");
}

static int add_name(struct source *s, const struct row *row, const char *value, char *list, size_t at)
{
    bool is_host = row->kind == IS_HOSTS;

    if ((((char **)list)[at] = is_host ? host_parse(value) : origin_parse(value)) != NULL)
        return 0;
    return complain(s, row, value, is_host ? "a name without port, like localhost, 192.0.2.7 or [::1]"
                                           : "an origin, like https://example.org or http://localhost:3000, or *");
}

static int add_network(struct source *s, const struct row *row, const char *value, char *list, size_t at)
{
    if (network_parse(value, &((struct network *)list)[at]) == 0)
        return 0;
    return complain(s, row, value, "an address or a network, like 192.0.2.7, 10.0.0.0/8 or fd00::/8, or unix");
}

static int add(struct source *s, const struct row *row, const char *value)
{
    char *list = (char *)s->o + row->offset;
    size_t *count = count_of(s->o, row);
    int result;

    if (!s->given[row - table])
        clear_list(s->o, row);
    if (*count == row->max) {
        char wanted[64];
        snprintf(wanted, sizeof(wanted), "among the first %ju; more are not served", (uintmax_t)row->max);
        return complain(s, row, value, wanted);
    }
    result = row->kind == IS_ADDRESSES  ? add_address(s, row, value, list, *count)
             : row->kind == IS_NETWORKS ? add_network(s, row, value, list, *count)
                                        : add_name(s, row, value, list, *count);
    *count += result == 0;
    return result;
}

static int set_prefix(struct source *s, const struct row *row, const char *value)
{
    char **field = (char **)((char *)s->o + row->offset);
    size_t length = strlen(value);

    if (length != 0 && value[length - 1] == '/')
        --length;
    if (!path_is_prefix(value, length))
        return complain(s, row, value, "a path, like /live");
    free(*field);
    *field = must_strndup(value, length);
    return 0;
}

static int set(struct source *s, const struct row *row, const char *value)
{
    char *field = (char *)s->o + row->offset;
    int result = 0;
    switch (row->kind) {
    case IS_STRING:
        set_text((char **)field, value);
        break;
    case IS_DIRECTORY:
        if (*value == '\0')
            return complain(s, row, value, "a directory");
        set_text((char **)field, value);
        break;
    case IS_PREFIX:
        result = set_prefix(s, row, value);
        break;
    case IS_ADDRESSES:
    case IS_HOSTS:
    case IS_ORIGINS:
    case IS_NETWORKS:
        result = add(s, row, value);
        break;
    case IS_COUNT:
    case IS_MILLISECONDS:
    case IS_OCTETS:
    case IS_SIZE:
        result = set_number(s, row, value);
        break;
    case IS_LEVEL:
        if (log_level_from_name(value, (enum log_level *)field) != 0)
            return complain(s, row, value, row->help);
        break;
    case IS_FLAG:
        if (value != NULL && *value != '\0' && strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
            return complain(s, row, value, "yes or no");
        *(bool *)field = value == NULL || strcmp(value, "no") != 0;
        break;
    case IS_CONFIG:
    case IS_HELP:
    case IS_VERSION:
        break; /* look_ahead() has seen to them */
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
    *o = (struct options){.threads = processors(), .max_connections = connections(),
                          .max_address_cuts = OPTIONS_NOT_GIVEN};
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
    const char *trouble = NULL;
    if (ferror(file))
        trouble = strerror(errno);
    else if (length > FILE_MAX)
        trouble = "it is longer than 64 KiB";
    else if (memchr(text, '\0', length) != NULL)
        trouble = "it is not a text";
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
    if (row == NULL || row->kind >= IS_CONFIG) {
        log_error("%s, line %u: no option \"%.*s\" for a file; pgcrier --help lists them", s->file,
                  s->line, (int)length, line);
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
           "PostgreSQL's town crier: serves what SQL functions return as JSON and as streams.\n\n");
    for (const struct row *row = table; row < table + ROWS; row++) {
        int width = printf("  --%s %s", row->name, row->argument != NULL ? row->argument : "");
        if (width >= HELP_COLUMN)
            width = printf("\n") - 1;
        printf("%*s%s", HELP_COLUMN - width, "", row->help);
        if (row->initial != NULL && *row->initial != '\0')
            printf(" (default: %s)", row->initial);
        printf("\n");
    }
}

/* Finds the value of an option that was spelled in argv[*i]: what stood behind its '=', or the next
 * argument. Returns 0, or -1 after a complaint. */
static int find_value(const struct row *row, char **argv, int *i, const char **value)
{
    if (row->argument == NULL && *value == NULL)
        return 0;
    if (row->argument == NULL) {
        log_error("--%s takes no value", row->name);
        return -1;
    }
    if (*value != NULL)
        return 0;
    *value = argv[*i + 1];
    if (*value == NULL || strncmp(*value, "--", 2) == 0) {
        log_error("--%s needs a value: %s", row->name, row->argument);
        return -1;
    }
    ++*i;
    return 0;
}

/* The option in argv[*i] with its value; *i moves to the last argument used. NULL after a
 * complaint. */
static const struct row *read_argument(char **argv, int *i, const char **value)
{
    const char *text = argv[*i];
    if (strcmp(text, "-h") == 0)
        text = "--help";
    if (strcmp(text, "-V") == 0)
        text = "--version";
    if (strncmp(text, "--", 2) != 0 || text[2] == '\0') {
        log_error("unexpected argument \"%s\"; pgcrier --help lists what is expected", text);
        return NULL;
    }
    text += 2;
    size_t length = strcspn(text, "=");
    const struct row *row = find_row(text, length);
    if (row == NULL) {
        log_error("no option --%.*s; pgcrier --help lists them", (int)length, text);
        return NULL;
    }
    *value = text[length] == '=' ? text + length + 1 : NULL;
    return find_value(row, argv, i, value) == 0 ? row : NULL;
}

/* Walks argv once for what comes before everything else. Returns 0 to go on, 1 when done, -1. */
static int look_ahead(char **argv, const char **config)
{
    const char *value;
    for (int i = 1; argv[i] != NULL; i++) {
        const struct row *row = read_argument(argv, &i, &value);
        if (row == NULL)
            return -1;
        if (row->kind == IS_HELP) {
            print_help();
            return 1;
        }
        if (row->kind == IS_VERSION) {
            printf("pgcrier %s\n", PACKAGE_VERSION);
            return 1;
        }
        if (row->kind == IS_CONFIG)
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
        if (is_list(row))
            clear_list(o, row);
    free(o->database);
    free(o->listen_database);
    free(o->public_dir);
    free(o->tls_cert);
    free(o->tls_key);
    free(o->prefix);
    *o = (struct options){0};
}
