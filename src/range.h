/* range.h -- which octets of a blob a client wants (RFC 9110, section 14).
 *
 * One range is served; several are not, because they would let a small request ask for much. Total
 * functions over hostile header text: whatever comes in, an answer comes out.
 */
#ifndef PGCRIER_RANGE_H
#define PGCRIER_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum range_kind {
    RANGE_WHOLE,         /* no range, several, another unit, or no range at all: 200 */
    RANGE_ONE,           /* 206 */
    RANGE_UNSATISFIABLE, /* 416 */
};

/* What `header` asks of a blob of that length; with RANGE_ONE, *first and *last are set, both inclusive. */
enum range_kind range_of(const char *header, size_t header_length, uint64_t length, uint64_t *first,
                         uint64_t *last);
/* Whether If-Range names `etag` (opaque part, no quotes), compared strongly. A date never does. */
bool range_if(const char *header, size_t header_length, const char *etag);

#endif
