/* path.h -- templates, matching, canonical spelling.
 *
 * A template is a list of segments divided by '/', each a literal or one {parameter}. A request's
 * path is divided first and percent-decoded afterwards, once and segment by segment, so that %2F
 * never makes a segment. What is not UTF-8, or holds a NUL, is refused before anybody else sees it.
 *
 * The canonical spelling of a value percent-encodes every octet but [A-Za-z0-9._~-] with upper-case
 * hex digits; crier.encode(text) in the database writes the same octets.
 */
#ifndef PGCRIER_PATH_H
#define PGCRIER_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include "buffer.h"

enum {
    PATH_MAX_SEGMENTS = 32,   /* more: the template is refused, the request does not match */
    PATH_MAX_PAIRS = 64,      /* query parameters; more: 400 */
};

struct path_template; /* immutable once parsed, may be shared between threads */

/* Parses a template. Returns NULL and sets *err (a constant) when it is malformed. That a parameter
 * is named twice is the declarer's business, and so is what a name may consist of. */
struct path_template *path_template_parse(const char *text, const char **err);
void path_template_free(struct path_template *t);
size_t path_template_parameters(const struct path_template *t);
const char *path_template_parameter(const struct path_template *t, size_t i); /* its name */
/* Whether a topic (canonical, hence still encoded) fits the template: literals equal, one segment
 * for each {parameter}, empty ones included. */
bool path_template_fits(const struct path_template *t, const char *topic, size_t length);
/* <0 when a is to be tried before b: at the first difference a literal comes before a {parameter};
 * shorter first otherwise. 0 for the same shape (names of parameters do not count). */
int path_template_compare(const struct path_template *a, const struct path_template *b);

/* A request target's path, divided and decoded; each piece, here and in a query, is followed by a
 * NUL. To be disposed of whatever path_split or path_query_parse returned. */
struct path_segments {
    size_t count;
    struct {
        const char *text; /* into `storage` */
        size_t length;
    } segment[PATH_MAX_SEGMENTS];
    struct buffer storage;
};
enum path_error {
    PATH_OK,
    PATH_TOO_LONG, /* too many segments: matches nothing */
    PATH_BAD,      /* not UTF-8, NUL, bad %-escape, too many pairs: 400 */
};
enum path_error path_split(struct path_segments *s, const char *path, size_t length);
void path_segments_dispose(struct path_segments *s);
/* Whether a divided path matches; values[i] is set to the index of the segment that is parameter i.
 * A parameter never matches an empty segment. */
bool path_template_match(const struct path_template *t, const struct path_segments *s,
                         size_t values[PATH_MAX_SEGMENTS]);

/* A query string without its '?' (application/x-www-form-urlencoded: '+' is a space), divided at
 * '&' and decoded; "name" without '=' has the value "". */
struct path_query {
    size_t count;
    struct {
        const char *name, *value;
        size_t name_length, value_length;
    } pair[PATH_MAX_PAIRS];
    struct buffer storage;
};
enum path_error path_query_parse(struct path_query *q, const char *query, size_t length);
void path_query_dispose(struct path_query *q);

/* Decodes text in place (%-escapes, and '+' where that is a space), sets *length to what is left of it
 * and puts a NUL behind, for which there must be room. False for a bad escape, a NUL, or what is not
 * UTF-8. */
bool path_decode(char *text, size_t *length, bool plus_is_space);

/* Appends the canonical spelling of a value. */
int path_encode(struct buffer *b, const char *value, size_t length);
/* RFC 3629: no surrogates, no overlong forms. */
bool utf8_is_valid(const char *text, size_t length);

/* Whether `value` is spelled exactly as PostgreSQL would spell it back for this type (format_type's
 * name), so that nobody need ask: integer, bigint, smallint without sign tricks or leading zeros
 * and surely in range; uuid in lower case with dashes; text always. false means only "not sure". */
bool path_is_canonical(const char *type, const char *value, size_t length);

/* Segments as they stand in a URL, each with its '/' before it: nothing that would have to be decoded or
 * normalized. A NUL or '/' stands behind them. */
bool path_is_prefix(const char *path, size_t length);

#endif
