/* channels.h -- which NOTIFY channels are relayed, and to whom.
 *
 * A route of kind channel is a key of its own, without a document. Several may relay the same
 * channel. The key is not the path alone, which may be that of a document, too, whose streams are
 * still open: /events/{name} was there before /events/orders. Core's thread only, but for the prefix.
 */
#ifndef PGCRIER_CHANNELS_H
#define PGCRIER_CHANNELS_H

#include <h2o.h>
#include <uthash.h>
#include "route.h"

#define CHANNEL_KEY_PREFIX "channel " /* then the path */

/* A route of kind channel. */
struct channel_key {
    struct route *route;       /* a reference */
    struct call *call;         /* a reference; NULL before the first subscriber */
    struct channel *channel;
    h2o_linklist_t link;       /* in the channel's list */
    uint64_t watchers;         /* bit i: worker i has subscribers */
    uint64_t notified_at_ms;   /* CLOCK_REALTIME; 0 = never */
    bool report_due, reported; /* as a mirror's */
    UT_hash_handle hh;
    uint32_t subscribers[];    /* of each worker */
};

struct channel {
    h2o_linklist_t keys;
    UT_hash_handle hh;
    char name[];
};

struct channels {
    unsigned workers;
    struct channel *by_name;
    struct channel_key *by_key;
    /* Its watchers are to be told; then it is about to vanish. */
    void (*gone)(struct channels *channels, struct channel_key *key);
    void (*dropped)(struct channels *channels, struct channel_key *key);
    void *data;
};

void channels_init(struct channels *channels, unsigned workers);
/* What the new table of routes means: routes come, go, and relay another channel than before. */
void channels_follow(struct channels *channels, const struct routes *routes);
struct channel *channels_find(struct channels *channels, const char *name);         /* NULL: none */
/* NULL when there is none, or it is a document's key. */
struct channel_key *channels_find_key(struct channels *channels, const char *key);
/* Worker `worker` has subscribers, or has none any more. */
void channel_key_watch(struct channel_key *key, unsigned worker, struct call *call);
void channel_key_unwatch(struct channel_key *key, unsigned worker);
void channel_key_count(struct channel_key *key, unsigned worker, uint32_t subscribers);
uint32_t channel_key_subscribers(const struct channels *channels, const struct channel_key *key);

#endif
