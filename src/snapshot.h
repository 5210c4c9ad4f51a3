/* snapshot.h -- which transactions a document has seen.
 *
 * PostgreSQL writes a snapshot as xmin:xmax:running (pg_snapshot): every transaction below xmax is
 * visible unless it is listed as running; whether it committed or not makes no difference here. The
 * numbers are 64 bits wide and never come again on one timeline. Only top-level transactions are
 * listed. A running subtransaction below xmax looks visible, so numbers must be those of top-level
 * transactions; where subtransactions make a difference below, it is one more read, never one less.
 *
 * A document that a transaction built at its commit belongs to its snapshot plus itself.
 */
#ifndef PGCRIER_SNAPSHOT_H
#define PGCRIER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SNAPSHOT_MAX_RUNNING = 8192 }; /* a longer list is not kept: the snapshot is unknown */

struct snapshot {
    bool known;
    uint64_t xmax;
    uint64_t plus;     /* visible, too; 0 without one */
    uint64_t *running; /* ascending, below xmax; NULL when there are none */
    size_t count;
};

/* Reads pg_snapshot's text; NULL, or anything else than that, is the unknown snapshot. */
void snapshot_parse(struct snapshot *s, const char *text);
/* Frees what it holds; it is unknown from then on. */
void snapshot_forget(struct snapshot *s);
/* Whether a transaction is visible. Of known snapshots only, as is the next. */
bool snapshot_sees(const struct snapshot *s, uint64_t xid);
/* Whether a document of `newer` and `xid` misses nothing that one of `older` has: every transaction
 * that is visible to `older` is visible to `newer`, or is `xid`. */
bool snapshot_covers(const struct snapshot *newer, uint64_t xid, const struct snapshot *older);
/* The decimal number of a transaction; 0, which none has, when it is none. */
uint64_t xid_parse(const char *text);

#endif
