/* log.c -- one line per event, on stderr.
 *
 * A line is formatted and escaped in a fixed array on the stack and leaves in one write(2) of less
 * than PIPE_BUF octets, which POSIX makes atomic on a pipe: lines of several threads never mix.
 * Whoever does not read our stderr shall not stop the relay: a line that cannot be written at once
 * is dropped.
 */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_MAX_OCTETS = 2000, /* what is longer is cut and ends in "..." */
    ESCAPE_MAX = 4,         /* octets of "\x1b" */
};

static _Atomic int threshold = LOG_NOTICE;

static const char *const level_names[] = {"error", "warning", "notice", "debug"};

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
}

int log_level_from_name(const char *name, enum log_level *level)
{
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (strcmp(name, level_names[i]) != 0)
            continue;
        *level = (enum log_level)i;
        return 0;
    }
    return -1;
}

/* How many octets of a control character begin here, 0 when it is none: C0, DEL, and C1 as UTF-8
 * spells it (U+0080 to U+009F: terminals obey those, too). */
static int control_length(const char *text)
{
    unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];
    if (c == 0xc2 && next >= 0x80 && next < 0xa0)
        return 2;
    return c < 0x20 || c == 0x7f;
}

static size_t escape(char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '\n' || c == '\r' || c == '\t') {
        memcpy(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t", 2);
        return 2;
    }
    memcpy(out, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, ESCAPE_MAX);
    return ESCAPE_MAX;
}

/* Ends a line that is too long in "...", dropping what was written of a character cut in two. */
static size_t cut(char *line, size_t at, const char *rest)
{
    for (int i = 0; i < 3 && ((unsigned char)*rest & 0xc0) == 0x80; i++)
        rest--, at--;
    memcpy(line + at, "...", 3);
    return at + 3;
}

/* Appends `text` to line[at..] with its control characters escaped and returns the new length,
 * which leaves an octet for the LF. */
static size_t append_escaped(char *line, size_t at, const char *text)
{
    const size_t limit = LINE_MAX_OCTETS - 4; /* "..." and LF */
    while (*text != '\0') {
        int control = control_length(text);
        if (at + (control > 0 ? (size_t)control * ESCAPE_MAX : 1) > limit)
            return cut(line, at, text);
        if (control == 0)
            line[at++] = *text++;
        for (; control > 0; control--)
            at += escape(line + at, (unsigned char)*text++);
    }
    return at;
}

static void write_line(const char *line, size_t length)
{
    struct pollfd fd = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&fd, 1, 0) != 1 || (fd.revents & POLLOUT) == 0)
        return;
    ssize_t written;
    do
        written = write(STDERR_FILENO, line, length);
    while (written < 0 && errno == EINTR);
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const prefixes[] = {"pgcrier: error: ", "pgcrier: warning: ", "pgcrier: ",
                                           "pgcrier: debug: "};
    if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
        return;
    int saved = errno;
    char text[LINE_MAX_OCTETS + 1], line[LINE_MAX_OCTETS];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    size_t length = strlen(prefixes[level]);
    memcpy(line, prefixes[level], length);
    length = append_escaped(line, length, text);
    line[length++] = '\n';
    write_line(line, length);
    errno = saved;
}
