/* channels.c -- see channels.h. */
#include "channels.h"

#include <stdlib.h>
#include <string.h>

void channels_init(struct channels *channels, unsigned workers)
{
    *channels = (struct channels){.workers = workers};
}

struct channel *channels_find(struct channels *channels, const char *name)
{
    struct channel *channel;

    HASH_FIND_STR(channels->by_name, name, channel);
    return channel;
}

static struct channel_key *find_path(struct channels *channels, const char *path)
{
    struct channel_key *key;

    HASH_FIND_STR(channels->by_key, path, key);
    return key;
}

struct channel_key *channels_find_key(struct channels *channels, const char *name)
{
    size_t prefix = strlen(CHANNEL_KEY_PREFIX);

    return strncmp(name, CHANNEL_KEY_PREFIX, prefix) == 0 ? find_path(channels, name + prefix) : NULL;
}

/* --- routes come and go ---------------------------------------------------------------------- */

static void leave_channel(struct channels *channels, struct channel_key *key)
{
    struct channel *channel = key->channel;

    h2o_linklist_unlink(&key->link);
    key->channel = NULL;
    if (h2o_linklist_is_empty(&channel->keys)) {
        HASH_DEL(channels->by_name, channel);
        free(channel);
    }
}

static void join_channel(struct channels *channels, struct channel_key *key, const char *name)
{
    struct channel *channel = channels_find(channels, name);
    size_t length = strlen(name);

    if (channel == NULL) {
        channel = must_alloc(sizeof(*channel) + length + 1);
        memcpy(channel->name, name, length);
        h2o_linklist_init_anchor(&channel->keys);
        HASH_ADD_KEYPTR(hh, channels->by_name, channel->name, length, channel);
    }
    h2o_linklist_insert(&channel->keys, &key->link);
    key->channel = channel;
}

static void drop(struct channels *channels, struct channel_key *key)
{
    if (key->watchers != 0)
        channels->gone(channels, key);
    channels->dropped(channels, key);
    HASH_DEL(channels->by_key, key);
    leave_channel(channels, key);
    call_unref(key->call);
    route_unref(key->route);
    free(key);
}

static void add(struct channels *channels, struct route *route)
{
    size_t size = channels->workers * sizeof(uint32_t);
    struct channel_key *key = must_alloc(sizeof(*key) + size);

    key->route = route_ref(route);
    join_channel(channels, key, route->channel);
    HASH_ADD_KEYPTR(hh, channels->by_key, key->route->path, strlen(route->path), key);
}

/* The same path, perhaps with another channel. */
static void redefine(struct channels *channels, struct channel_key *key, struct route *route)
{
    struct call *call = key->call;

    HASH_DEL(channels->by_key, key); /* its name is the old route's */
    route_unref(key->route);
    key->route = route_ref(route);
    HASH_ADD_KEYPTR(hh, channels->by_key, key->route->path, strlen(route->path), key);
    if (call != NULL) {
        key->call = call_with_route(call, route);
        call_unref(call);
    }
    if (strcmp(key->channel->name, route->channel) != 0) {
        leave_channel(channels, key);
        join_channel(channels, key, route->channel);
    }
    key->report_due = true;
}

void channels_follow(struct channels *channels, const struct routes *routes)
{
    struct channel_key *key, *next;

    HASH_ITER(hh, channels->by_key, key, next) {
        struct route *route = routes_find(routes, key->route);
        if (route == NULL)
            drop(channels, key);
        else if (route != key->route)
            redefine(channels, key, route);
    }
    for (size_t i = 0; i < routes->count; ++i) {
        struct route *route = routes->route[i];
        if (route->kind == ROUTE_CHANNEL && find_path(channels, route->path) == NULL)
            add(channels, route);
    }
}

/* --- watchers -------------------------------------------------------------------------------- */

void channel_key_watch(struct channel_key *key, unsigned worker, struct call *call)
{
    if (key->call == NULL)
        key->call = call_with_route(call, key->route);
    key->watchers |= UINT64_C(1) << worker;
    key->report_due = true;
}

void channel_key_unwatch(struct channel_key *key, unsigned worker)
{
    key->watchers &= ~(UINT64_C(1) << worker);
    channel_key_count(key, worker, 0);
}

void channel_key_count(struct channel_key *key, unsigned worker, uint32_t subscribers)
{
    key->subscribers[worker] = subscribers;
    key->report_due = true;
}

uint32_t channel_key_subscribers(const struct channels *channels, const struct channel_key *key)
{
    uint32_t total = 0;

    for (unsigned i = 0; i < channels->workers; ++i)
        total += key->subscribers[i];
    return total;
}
