/* inlined.h -- take an inline notification apart, and see whether it is genuine.
 *
 *   {"signature":"…","topic":"thread/17","key":"/api/recordings/17","others":["/api/recordings/18"],
 *    "xid":"815","snapshot":"800:816:803,811","document":{…}}
 *
 * What crier.notify_inline() sends: the signature first, for it is over all that follows its comma,
 * and the document last, for its bytes are sliced out as they are, whatever they are. A read returns
 * the same bytes, so that nobody can tell the two apart. Any role may NOTIFY; a payload that the
 * installation's secret did not sign says no more than its topic.
 */
#ifndef PGCRIER_INLINED_H
#define PGCRIER_INLINED_H

#include <stdbool.h>
#include <stddef.h>
#include "snapshot.h"

enum {
    INLINED_SECRET = 32,    /* octets */
    INLINED_MAX_OTHERS = 64 /* keys; a payload with more is none of ours */
};

struct inlined {
    char *topic;
    bool genuine;             /* the rest is filled, and true */
    char *key;
    char *others[INLINED_MAX_OTHERS];
    size_t other_count;
    uint64_t xid;
    struct snapshot snapshot; /* of the document, without xid; may be unknown */
    char *document;           /* in the payload */
    size_t length;
};

/* False when the payload does not look like one. `secret` may be NULL: nothing is genuine then. */
bool inlined_decode(struct inlined *n, char *payload, size_t length, const unsigned char *secret);
void inlined_dispose(struct inlined *n);

#endif
