/* client.c -- see client.h. */
#include "client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "buffer.h"
#include "door.h"
#include "log.h"
#include "metrics.h"
#include "response.h"

enum { FORWARDED_MAX = 64 /* elements that are looked at, from the right */ };

struct client {
    struct ip ip;
    unsigned connections, streams;
    UT_hash_handle hh;
};

static const struct options *limits;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the table and its counts */
static struct client *table;
static struct penalties penalties; /* under the same lock */

void clients_init(const struct options *options)
{
    limits = options;
}

/* --- the table ---------------------------------------------------------------------------------- */

/* What is counted, by its place in struct client. */
struct kind {
    size_t offset;
    unsigned standard;
    enum metric refused;
    const char *name, *option;
};

static const struct kind connections = {offsetof(struct client, connections), CLIENT_CONNECTIONS_MAX,
                                        METRIC_REFUSED_ADDRESS, "connections", "max-address-connections"};
static const struct kind streams = {offsetof(struct client, streams), CLIENT_STREAMS_MAX,
                                    METRIC_REFUSED_STREAMS, "streams", "max-address-streams"};

static unsigned given_limit(const struct kind *kind)
{
    return kind == &connections ? limits->max_address_connections : limits->max_address_streams;
}

static unsigned *count_of(struct client *client, const struct kind *kind)
{
    return (unsigned *)((char *)client + kind->offset);
}

static void forget_if_empty(struct client *client)
{
    if (client->connections != 0 || client->streams != 0)
        return;
    HASH_DEL(table, client);
    free(client);
}

static struct client *find(const struct ip *ip)
{
    struct ip customer = ip_of_customer(ip);
    struct client *client;

    HASH_FIND(hh, table, &customer, sizeof(customer), client);
    if (client == NULL) {
        client = must_alloc(sizeof(*client));
        client->ip = customer;
        HASH_ADD(hh, table, ip, sizeof(client->ip), client);
    }
    return client;
}

static void complain(const struct ip *ip, const struct kind *kind, unsigned limit)
{
    static _Atomic uint64_t last_ns;
    uint64_t now = monotonic_ns();
    char text[IP_TEXT_MAX];

    metric_add(kind->refused, 1);
    if (last_ns != 0 && now - last_ns < 10 * NS_PER_S)
        return;
    last_ns = now;
    ip_write(ip, text);
    log_warning("%s has %u %s and gets no more (--%s; if it is a proxy, --trusted-proxy)", text, limit,
                kind->name, kind->option);
}

/* Returns 0 with *client (NULL: exempt), or -1. */
static int take(const struct ip *ip, const struct kind *kind, struct client **client)
{
    unsigned limit = given_limit(kind);
    int result = 0;

    *client = NULL;
    if (limit == 0 && ip_is_loopback(ip))
        return 0;
    if (limit == 0)
        limit = kind->standard;
    pthread_mutex_lock(&lock);
    struct client *found = find(ip);
    if (*count_of(found, kind) < limit) {
        ++*count_of(found, kind);
        *client = found;
    } else {
        forget_if_empty(found);
        result = -1;
    }
    pthread_mutex_unlock(&lock);
    if (result != 0)
        complain(ip, kind, limit);
    return result;
}

static void give(struct client *client, const struct kind *kind)
{
    if (client == NULL)
        return;
    pthread_mutex_lock(&lock);
    --*count_of(client, kind);
    forget_if_empty(client);
    pthread_mutex_unlock(&lock);
}

/* --- who it is ---------------------------------------------------------------------------------- */

static bool is_trusted(const struct ip *ip)
{
    for (size_t i = 0; i < limits->trusted_proxy_count; ++i) {
        if (network_has(&limits->trusted_proxy[i], ip))
            return true;
    }
    return false;
}

static bool is_trusted_visitor(const struct visitor *visitor)
{
    if (visitor->has_ip)
        return is_trusted(&visitor->ip);
    for (size_t i = 0; i < limits->trusted_proxy_count; ++i) {
        if (limits->trusted_proxy[i].is_unix)
            return true;
    }
    return false;
}

static h2o_iovec_t trim(h2o_iovec_t text)
{
    while (text.len != 0 && strchr(" \t", text.base[0]) != NULL)
        text = h2o_iovec_init(text.base + 1, text.len - 1);
    while (text.len != 0 && strchr(" \t", text.base[text.len - 1]) != NULL)
        --text.len;
    return text;
}

/* Whether the quote at `at` is one inside a quoted string (RFC 9110, 5.6.4). */
static bool is_escaped(h2o_iovec_t list, size_t at)
{
    size_t begin = at;

    while (begin != 0 && list.base[begin - 1] == '\\')
        --begin;
    return (at - begin) % 2 == 1;
}

/* Takes what stands behind the last `separator` off the list. One between quotes is none: a proxy may
 * quote there what its client has said. Seen from the end, quotes that the client left open come last. */
static h2o_iovec_t take_last(h2o_iovec_t *list, char separator)
{
    size_t begin = list->len;
    bool quoted = false;

    for (; begin != 0 && (quoted || list->base[begin - 1] != separator); --begin) {
        if (list->base[begin - 1] == '"' && !is_escaped(*list, begin - 1))
            quoted = !quoted;
    }
    h2o_iovec_t last = h2o_iovec_init(list->base + begin, list->len - begin);
    list->len = begin == 0 ? 0 : begin - 1;
    return trim(last);
}

/* The value of `for` in an element of Forwarded (RFC 7239, 4); empty without one. */
static h2o_iovec_t forwarded_for(h2o_iovec_t element)
{
    while (element.len != 0) {
        h2o_iovec_t pair = take_last(&element, ';');
        if (pair.len <= 4 || !h2o_lcstris(pair.base, 4, H2O_STRLIT("for=")))
            continue;
        pair = h2o_iovec_init(pair.base + 4, pair.len - 4);
        if (pair.len >= 2 && pair.base[0] == '"' && pair.base[pair.len - 1] == '"')
            pair = h2o_iovec_init(pair.base + 1, pair.len - 2);
        return pair;
    }
    return h2o_iovec_init("", 0);
}

int client_ip(h2o_req_t *req, struct ip *ip)
{
    struct visitor *visitor = visitor_of(req);
    h2o_iovec_t list = request_header(req, "x-forwarded-for");
    bool is_forwarded = list.base == NULL;

    if (!is_trusted_visitor(visitor)) {
        *ip = visitor->ip;
        return visitor->has_ip ? 0 : -1;
    }
    if (is_forwarded)
        list = request_header(req, "forwarded");
    for (int i = 0; i < FORWARDED_MAX && list.len != 0; ++i) {
        h2o_iovec_t last = take_last(&list, ',');
        if (is_forwarded)
            last = forwarded_for(last);
        if (ip_parse(last.base, last.len, ip) != 0)
            return -1;
        if (!is_trusted(ip))
            return 0;
    }
    return -1;
}

/* --- what it has done --------------------------------------------------------------------------- */

/* How many ends its address may have; 0: any. */
static unsigned cuts_limit(const struct visitor *visitor)
{
    if (!visitor->has_ip || is_trusted(&visitor->ip))
        return 0;
    if (limits->max_address_cuts != OPTIONS_NOT_GIVEN)
        return limits->max_address_cuts;
    return ip_is_loopback(&visitor->ip) ? 0 : CLIENT_CUTS_MAX;
}

static bool is_punished(const struct visitor *visitor)
{
    unsigned limit = cuts_limit(visitor);
    bool result;

    if (limit == 0)
        return false;
    pthread_mutex_lock(&lock);
    result = penalty_holds(&penalties, &visitor->ip, limit, monotonic_ns());
    pthread_mutex_unlock(&lock);
    if (result)
        metric_add(METRIC_REFUSED_PENALTY, 1);
    return result;
}

void client_misbehaved(const struct visitor *visitor, enum penalty_weight weight)
{
    unsigned limit = cuts_limit(visitor);
    char text[IP_TEXT_MAX];
    bool begins;

    if (limit == 0)
        return;
    pthread_mutex_lock(&lock);
    begins = penalty_add(&penalties, &visitor->ip, weight, limit, monotonic_ns());
    pthread_mutex_unlock(&lock);
    if (!begins)
        return;
    ip_write(&visitor->ip, text);
    log_warning("%s misbehaves: its connections are refused for a while (--max-address-cuts; if it is a proxy, "
                "--trusted-proxy)", text);
}

/* --- what it opens ------------------------------------------------------------------------------ */

int client_arrived(struct visitor *visitor, int fd)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);

    visitor->has_ip = getpeername(fd, (struct sockaddr *)&address, &length) == 0 &&
                      ip_from_sockaddr((struct sockaddr *)&address, &visitor->ip) == 0;
    return is_punished(visitor) ? -1 : 0;
}

int client_connected(struct visitor *visitor)
{
    visitor->client = NULL;
    if (!visitor->has_ip || is_trusted(&visitor->ip))
        return 0;
    return take(&visitor->ip, &connections, &visitor->client);
}

void client_disconnected(struct visitor *visitor)
{
    give(visitor->client, &connections);
}

static void on_request_disposed(void *holder)
{
    give(*(struct client **)holder, &connections);
}

int client_requested(h2o_req_t *req)
{
    struct visitor *visitor = visitor_of(req);
    struct client *client, **holder;
    struct ip ip;

    if (!is_trusted_visitor(visitor) || client_ip(req, &ip) != 0)
        return 0;
    if (take(&ip, &connections, &client) != 0)
        return -1;
    if (client == NULL)
        return 0;
    holder = h2o_mem_alloc_shared(&req->pool, sizeof(*holder), on_request_disposed);
    *holder = client;
    return 0;
}

int client_stream_opened(h2o_req_t *req, struct client **client)
{
    struct ip ip;

    *client = NULL;
    return client_ip(req, &ip) != 0 ? 0 : take(&ip, &streams, client);
}

void client_stream_closed(struct client *client)
{
    give(client, &streams);
}
