/* test_channels.c -- which NOTIFY channels are relayed, and to whom. */
#include "promise.h"

#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "channels.h"

static struct channels channels;
static struct buffer journal;

static void on_gone(struct channels *c, struct channel_key *key)
{
    assert_ptr_equal(c, &channels);
    buffer_printf(&journal, "gone %s %llu;", key->call->key, (unsigned long long)key->watchers);
}

static void on_dropped(struct channels *c, struct channel_key *key)
{
    assert_ptr_equal(c, &channels);
    buffer_printf(&journal, "dropped %s;", key->route->path);
}

static struct route *channel_route(int id, const char *path, const char *name)
{
    const char *err = NULL;
    struct route *route = route_create(id, "GET", path, "[]", &err);
    route->kind = name == NULL ? ROUTE_LIVE : ROUTE_CHANNEL;
    route->channel = name == NULL ? NULL : must_strdup(name);
    route->fingerprint = must_strdup(name == NULL ? "" : name);
    return route;
}

/* Pairs of path and channel (NULL: a document). */
static void follow(size_t count, const char *const pairs[][2])
{
    struct route *list[8];
    for (size_t i = 0; i < count; i++)
        list[i] = channel_route((int)i + 1, pairs[i][0], pairs[i][1]);
    struct routes *routes = routes_create(list, count);
    channels_follow(&channels, routes);
    routes_unref(routes);
}

#define FOLLOW(...)                                                                                \
    do {                                                                                           \
        static const char *const pairs[][2] = {__VA_ARGS__};                                       \
        follow(sizeof(pairs) / sizeof(pairs[0]), pairs);                                           \
    } while (0)
#define SAID(text)                                                                                 \
    do {                                                                                           \
        assert_string_equal(journal.length > 0 ? journal.bytes : "", text);                        \
        buffer_clear(&journal);                                                                    \
    } while (0)

static int setup(void **state)
{
    (void)state;
    buffer_init(&journal, 1 << 16);
    channels_init(&channels, 2);
    channels.gone = on_gone;
    channels.dropped = on_dropped;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    follow(0, NULL);
    assert_null(channels.by_key);
    assert_null(channels.by_name);
    buffer_dispose(&journal);
    return 0;
}

static size_t keys_of(const char *name)
{
    struct channel *channel = channels_find(&channels, name);
    size_t count = 0;
    if (channel != NULL)
        for (h2o_linklist_t *at = channel->keys.next; at != &channel->keys; at = at->next)
            count++;
    return count;
}

static void watch(const char *path, unsigned worker)
{
    char name[40];
    snprintf(name, sizeof(name), CHANNEL_KEY_PREFIX "%s", path);
    struct channel_key *key = channels_find_key(&channels, name);
    struct call *call = test_call(key->route, name);
    channel_key_watch(key, worker, call);
    call_unref(call);
}

static void come_and_go(void **state)
{
    (void)state;
    FOLLOW({"/a", "x"}, {"/b", "x"}, {"/c", "y"}, {"/d", NULL});
    assert_int_equal(keys_of("x"), 2);
    assert_int_equal(keys_of("y"), 1);
    assert_null(channels_find_key(&channels, "channel /d"));
    watch("/a", 0);
    watch("/a", 1);
    watch("/c", 1);
    FOLLOW({"/b", "x"}, {"/c", "y"});
    SAID("gone channel /a 3;dropped /a;");
    assert_null(channels_find_key(&channels, "/b")); /* that is a document's key */
    assert_int_equal(keys_of("x"), 1);
    assert_int_equal(channels_find_key(&channels, "channel /c")->watchers, 2);
    FOLLOW({"/c", NULL});
    assert_null(channels_find(&channels, "x"));
    assert_non_null(strstr(journal.bytes, "gone channel /c 2;dropped /c;"));
}

static void another_channel(void **state)
{
    (void)state;
    FOLLOW({"/a", "x"}, {"/b", "x"});
    watch("/a", 1);
    FOLLOW({"/a", "y"}, {"/b", "x"});
    SAID("");
    assert_int_equal(keys_of("x"), 1);
    assert_int_equal(keys_of("y"), 1);
    struct channel_key *key = channels_find_key(&channels, "channel /a");
    assert_int_equal(key->watchers, 2);
    assert_string_equal(key->call->key, "channel /a");
    assert_string_equal(key->call->route->channel, "y");
    FOLLOW({"/a", "y"});
    assert_null(channels_find(&channels, "x"));
}

static void counts(void **state)
{
    (void)state;
    FOLLOW({"/a", "x"});
    struct channel_key *key = channels_find_key(&channels, "channel /a");
    watch("/a", 0);
    channel_key_count(key, 0, 3);
    channel_key_count(key, 1, 4);
    assert_int_equal(channel_key_subscribers(&channels, key), 7);
    channel_key_unwatch(key, 1);
    assert_int_equal(channel_key_subscribers(&channels, key), 3);
    assert_int_equal(key->watchers, 1);
    channel_key_unwatch(key, 0);
    assert_int_equal(key->watchers, 0);
    assert_int_equal(channel_key_subscribers(&channels, key), 0);
}

#define CHANNELS(sentence, function) {sentence, function, setup, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHANNELS("channels: follow the routes; who watched one that is gone is told", come_and_go),
        CHANNELS("channels: a path may take another channel under its subscribers", another_channel),
        CHANNELS("channels: count the subscribers of all workers", counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
