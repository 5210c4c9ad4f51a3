/* report.h -- what the database knows of its relays: crier.relays and crier.subscriptions.
 *
 * A row for this relay, refreshed every REPORT_ALIVE_MS, and a row for each key with subscribers,
 * written when it changed, at most REPORT_ROWS at a time every REPORT_INTERVAL_MS. It serves
 * people (TABLE crier.subscriptions, crier.explain) and the gate of inline notifications, which
 * opens for a new document as soon as it is reported, REPORT_SOON_MS after its first read. Nothing
 * of the relay depends on it, and a report that fails is made again. It also brings back how full the
 * database's queue of notifications is (backlog.h).
 */
#ifndef PGCRIER_REPORT_H
#define PGCRIER_REPORT_H

#include "channels.h"
#include "mirror.h"
#include "pool.h"

enum {
    REPORT_INTERVAL_MS = 1000,
    REPORT_SOON_MS = 50,
    REPORT_ALIVE_MS = 20000,
    REPORT_ROWS = 1000,
    REPORT_MAX_ARGUMENTS = 4096, /* octets; documents with longer ones go by reference */
    REPORT_MAX = 4 << 20, /* octets of one report; rows that do not fit come with the next */
};

struct report {
    struct pool *pool;
    struct mirrors *mirrors;
    struct channels *channels;
    const char *relay_id;
    const bool *listening;
    struct timer timer;
    struct buffer ended;      /* rows of keys that are no more, for the next report */
    struct buffer rows;       /* of the report in flight */
    char info[512];
    struct pool_job job;
    bool in_flight;
    bool hurry;               /* the next one goes soon */
    uint64_t reported_ns;     /* when the last report went out; 0 = never */
    void (*stopped)(struct report *report); /* set while stopping */
};

void report_init(struct report *report, struct pool *pool, struct mirrors *mirrors,
                 struct channels *channels, const char *relay_id, const bool *listening);
void report_start(struct report *report);
/* There is something that writers should know. */
void report_soon(struct report *report);
/* A mirror is about to vanish. */
void report_end_key(struct report *report, struct mirror *mirror);
/* So is a channel's route. */
void report_end_channel(struct report *report, struct channel_key *key);
/* Takes the relay's rows away; `stopped` is called when that is done or failed. */
void report_stop(struct report *report, void (*stopped)(struct report *report));

#endif
