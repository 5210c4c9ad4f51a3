/* mirror.h -- what the relay holds of one key, and when it reads again.
 *
 * A mirror exists while somebody watches its key or waits for it. It holds the newest document as
 * a frame, and at most one read of it is in flight:
 *
 *     clean --touched--> dirty --read starts--> reading --touched--> reading + dirty
 *       ^                                          |                        |
 *       +-------------- read done -----------------+                        |
 *                       dirty <------------------- read done ---------------+
 *
 * Any number of touches during a read cause exactly one more read after it. What a read returns is
 * some state at or after its beginning, so:
 *
 *   - one who asks (a JSON GET) is answered only by a read that began after he asked: the next
 *     one, shared with all who asked meanwhile, or the one in flight if that has yet to begin;
 *   - a watcher may start from the frame that is there;
 *   - a mirror is registered under its topic before it reads, so that no change is missed. Where
 *     the topic comes from a function, it is known only from a read; a read that returns another
 *     topic than before is therefore followed by one more;
 *   - a read that finds nothing although the document was touched meanwhile is not believed, once:
 *     who came behind that change must not be told that there is nothing.
 *
 * Throttle: a read that nobody waits for starts no earlier than the route's min_interval after the
 * read before it, and no two documents are published closer than that. The first change goes out
 * at once and the last one always.
 *
 * Inline: a notification may bring a document, built by the transaction that it tells of. It takes
 * the place of a read only where it is sure to be newer than what is there: the mirror is clean, and
 * every transaction that its document has seen the other has seen too (snapshot.h). Two transactions
 * that overlap may each lack what the other did; then the second counts as a touch. So does whatever
 * comes while a read is in flight, which may have begun before or after it. Numbers of transactions
 * alone say nothing about who saw whom.
 *
 * Nothing here knows of PostgreSQL or HTTP: what to do is said to the owner through `struct
 * mirror_ops`, none of which may call back into the mirror before it returns.
 */
#ifndef PGCRIER_MIRROR_H
#define PGCRIER_MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include <h2o.h>
#include <uthash.h>
#include "frame.h"
#include "inlined.h"
#include "problem.h"
#include "route.h"
#include "timer.h"

enum {
    MIRROR_BACKOFF_MIN_MS = 500,
    MIRROR_BACKOFF_MAX_MS = 30000, /* between reads of a function that raises; a touch begins anew */
};

struct mirror;
struct mirrors;

/* One who waits for an answer; embedded. */
struct mirror_waiter {
    h2o_linklist_t link;
    /* Either a frame (a reference of its own), or NULL with a problem; 404 is one. */
    void (*answer)(struct mirror_waiter *waiter, struct frame *frame, const struct problem *problem);
};

struct mirror_ops {
    /* Start reading the document of mirror->call; mirror_read_… is called later, never from here. */
    void (*read)(struct mirror *mirror, bool somebody_waits);
    /* The watchers in the mask are to get mirror->frame. */
    void (*publish)(struct mirror *mirror, uint64_t watchers);
    /* The document is no more: its watchers are gone, too. */
    void (*gone)(struct mirror *mirror, uint64_t watchers);
    /* The mirror is about to vanish. */
    void (*dropped)(struct mirror *mirror);
    /* There is nothing to show yet, and the function raises. */
    void (*failed)(struct mirror *mirror, uint64_t watchers, const struct problem *problem);
    /* Somebody waits for the read in flight. Returns whether it has yet to begin; then it is his, too. */
    bool (*hasten)(struct mirror *mirror);
};

struct mirrors {
    struct timers *timers;
    const struct mirror_ops *ops;
    struct mirror *by_key;
    struct mirror_topic *by_topic;
    unsigned workers; /* 1 … 64 */
    bool away;        /* no database: nobody reads but those who are waited for */
    void *data;
};

struct mirror {
    struct mirrors *set;
    struct call *call;             /* with its key; a reference */
    struct mirror_topic *topic;    /* NULL while not known */
    h2o_linklist_t topic_link;
    struct frame *frame;           /* newest document; NULL before the first */
    uint64_t watchers;             /* bit i: worker i has subscribers */
    struct snapshot snapshot;      /* of the frame; unknown without one, and until a read says */
    uint64_t inline_xid;           /* the frame's, if it came inline; else 0 */
    bool dirty, reading;
    bool outdated;                 /* the read in flight began under an older definition */
    bool doubted;                  /* the last read found nothing, and was not believed */
    bool unpublished;              /* frame is newer than what the watchers got */
    h2o_linklist_t waiting_now;    /* for the read in flight */
    h2o_linklist_t waiting_next;   /* for a read that is to begin */
    void *read;                    /* the owner's, of the read in flight */
    uint64_t read_began_ns, published_ns;
    uint64_t noticed_ns;           /* when the oldest unread change became known; 0 without one */
    uint64_t read_noticed_ns;      /* the same, of the read in flight or last done */
    unsigned failures;             /* reads that raised, in a row */
    struct timer wake;             /* the next moment to read or to publish */
    struct timer reread;           /* reads anyway */
    /* For the reports, CLOCK_REALTIME [ms]; 0 = never. */
    uint64_t notified_at_ms, read_at_ms;
    double read_ms;                /* how long the last read's function took */
    struct problem error;          /* of the last read; status 0 = fine */
    bool report_due;               /* something of this changed since the last report */
    bool reported;                 /* the database has a row of it */
    bool reported_document;        /* … which says what writers must know of an inline document */
    UT_hash_handle hh;
    uint32_t subscribers[];        /* of each worker, as last told; for the reports */
};

void mirrors_init(struct mirrors *set, struct timers *timers, const struct mirror_ops *ops,
                  unsigned workers, void *data);
/* Frees all mirrors and answers nobody. */
void mirrors_dispose(struct mirrors *set);
/* The mirror of a call (which has its key, and the newest definition of its route); made when there
 * is none. One without watchers and waiters vanishes, so use it at once. */
struct mirror *mirrors_get(struct mirrors *set, struct call *call);
struct mirror *mirrors_find(struct mirrors *set, const char *key); /* NULL when there is none */

void mirrors_touch(struct mirrors *set, const char *topic);
/* Calls back for every mirror of a topic; the callback changes none of them. */
void mirrors_each_of_topic(struct mirrors *set, const char *topic,
                           void (*each)(struct mirror *mirror, void *data), void *data);
void mirrors_touch_template(struct mirrors *set, const struct path_template *template);
/* A genuine inline notification, noticed now. */
void mirrors_apply(struct mirrors *set, struct inlined *n);
/* The listening connection is new: whatever is watched is dirty, and forgets its snapshot: on another
 * timeline the same numbers are other transactions. */
void mirrors_resynchronise(struct mirrors *set);
/* The database went away, or came back. */
void mirrors_set_away(struct mirrors *set, bool away);

/* Worker `worker` has subscribers, or has none any more. A watcher gets what there is at once. */
void mirror_watch(struct mirror *mirror, unsigned worker);
void mirror_unwatch(struct mirror *mirror, unsigned worker);
/* How many subscribers a worker has now. */
void mirror_count(struct mirror *mirror, unsigned worker, uint32_t subscribers);
const char *mirror_topic(const struct mirror *mirror); /* NULL while not known */
uint32_t mirror_subscribers(const struct mirror *mirror);
void mirror_ask(struct mirror *mirror, struct mirror_waiter *waiter);
/* The route has a new definition: read again. */
void mirror_redefine(struct mirror *mirror, struct route *route);
/* The route is gone, and with it the document. */
void mirror_end(struct mirror *mirror);

/* What a read returned. */
struct mirror_reading {
    struct frame *frame;  /* the reference moves to the mirror; NULL when the function returned NULL */
    const char *topic;    /* NULL unless the route has a topic function that returned one */
    const char *snapshot; /* as PostgreSQL writes it; NULL: unknown */
    double milliseconds;  /* of the function */
};

/* The read in flight is done. */
void mirror_read_done(struct mirror *mirror, const struct mirror_reading *reading);
/* It failed: status 503 with the database away, or another with its reason. */
void mirror_read_failed(struct mirror *mirror, const struct problem *problem, bool database_away);

#endif
