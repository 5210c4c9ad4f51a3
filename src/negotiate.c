/* negotiate.c -- what a client prefers.
 *
 * A header's value is a list; an element that makes no sense is skipped and the others still count.
 * Each function walks the text once and allocates nothing.
 */
#include "negotiate.h"

#include <string.h>
#include <strings.h>

enum { Q_ONE = 1000, EVENT_ID_MAX = 64 };

/* What is left of a header's value. */
struct text {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct text trim(struct text t)
{
    while (t.at < t.end && is_blank(*t.at))
        t.at++;
    while (t.at < t.end && is_blank(t.end[-1]))
        t.end--;
    return t;
}

static bool equals(struct text t, const char *word)
{
    size_t length = (size_t)(t.end - t.at);
    return length == strlen(word) && strncasecmp(t.at, word, length) == 0;
}

/* Cuts off what stands before the next separator outside of quotes; the separator goes, too. */
static struct text next(struct text *rest, char separator)
{
    struct text piece = {rest->at, rest->at};
    bool quoted = false;
    for (; piece.end < rest->end && (quoted || *piece.end != separator); piece.end++) {
        if (*piece.end == '"')
            quoted = !quoted;
        else if (quoted && *piece.end == '\\' && piece.end + 1 < rest->end)
            piece.end++;
    }
    rest->at = piece.end < rest->end ? piece.end + 1 : rest->end;
    return trim(piece);
}

/* A weight in thousandths (RFC 9110, section 12.4.2), further digits ignored; -1: garbage. */
static int weight(struct text t)
{
    if (t.at == t.end || (*t.at != '0' && *t.at != '1'))
        return -1;
    int q = (*t.at++ - '0') * Q_ONE;
    if (t.at < t.end && *t.at++ != '.')
        return -1;
    for (int unit = Q_ONE / 10; t.at < t.end; t.at++, unit /= 10) {
        if (*t.at < '0' || *t.at > '9')
            return -1;
        q += (*t.at - '0') * unit;
    }
    return q <= Q_ONE ? q : -1;
}

/* The q of an element's parameters, 1 when there is none; -1: garbage. */
static int quality(struct text parameters)
{
    while (parameters.at < parameters.end) {
        struct text parameter = next(&parameters, ';');
        struct text name = next(&parameter, '=');
        if (equals(name, "q"))
            return weight(parameter);
    }
    return Q_ONE;
}

/* How a type fares: by the most specific range that covers it, the first of equals. */
struct chance {
    int specificity; /* 3 its name, 2 its type's range, 1 any; 0: not acceptable */
    int q;
};

static void consider(struct chance *c, struct text range, const char *name, const char *any,
                     int q)
{
    int specificity = equals(range, name) ? 3 : equals(range, any) ? 2 : equals(range, "*/*");
    if (specificity > c->specificity)
        *c = (struct chance){specificity, q};
}

bool negotiate_stream(const char *accept, size_t length)
{
    struct chance stream = {0, 0}, json = {0, 0};
    bool stream_first = false; /* named before JSON was */
    struct text rest = {accept, length > 0 ? accept + length : accept}; /* NULL may come */
    while (rest.at < rest.end) {
        struct text parameters = next(&rest, ',');
        struct text range = next(&parameters, ';');
        int q = quality(parameters);
        if (q < 0)
            continue;
        consider(&stream, range, "text/event-stream", "text/*", q);
        consider(&json, range, "application/json", "application/*", q);
        stream_first |= stream.specificity == 3 && json.specificity < 3;
    }
    if (stream.q != json.q)
        return stream.q > json.q;
    return stream.q > 0 && stream_first;
}

bool negotiate_accepts_stream(const char *accept, size_t length)
{
    struct chance stream = {0, 0};
    struct text rest = {accept, length > 0 ? accept + length : accept};
    if (accept == NULL || trim(rest).at == trim(rest).end)
        return true;
    while (rest.at < rest.end) {
        struct text parameters = next(&rest, ',');
        struct text range = next(&parameters, ';');
        int q = quality(parameters);
        if (q >= 0)
            consider(&stream, range, "text/event-stream", "text/*", q);
    }
    return stream.q > 0;
}

/* Takes an entity tag's opaque part off the front (no escapes in there: RFC 9110, section 8.8.3);
 * false, with the rest of the element gone, when none stands there. */
static bool next_tag(struct text *rest, struct text *opaque)
{
    if (rest->end - rest->at > 2 && rest->at[0] == 'W' && rest->at[1] == '/')
        rest->at += 2;
    if (rest->at < rest->end && *rest->at == '"') {
        const char *begin = rest->at + 1;
        const char *quote = memchr(begin, '"', (size_t)(rest->end - begin));
        rest->at = quote != NULL ? quote + 1 : rest->end;
        *opaque = (struct text){begin, quote};
        return quote != NULL;
    }
    while (rest->at < rest->end && *rest->at != ',')
        rest->at++;
    return false;
}

bool negotiate_none_match(const char *header, size_t length, const char *etag)
{
    struct text rest = {header, length > 0 ? header + length : header}, opaque;
    if (equals(trim(rest), "*"))
        return true;
    while (rest.at < rest.end) {
        if (is_blank(*rest.at) || *rest.at == ',')
            rest.at++;
        else if (next_tag(&rest, &opaque) && (size_t)(opaque.end - opaque.at) == strlen(etag) &&
                 memcmp(opaque.at, etag, strlen(etag)) == 0)
            return true;
    }
    return false;
}

bool negotiate_is_event_id(const char *id, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = id[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c == '-'))
            return false;
    }
    return length > 0 && length <= EVENT_ID_MAX;
}
