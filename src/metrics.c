/* metrics.c -- see metrics.h. */
#include "metrics.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "backlog.h"
#include "bodies.h"
#include "frame.h"

static const struct {
    const char *name, *labels, *type, *help;
} table[METRIC_COUNT] = {
    [METRIC_SUBSCRIBERS] = {"pgcrier_subscribers", "", "gauge", "Open streams."},
    [METRIC_KEYS] = {"pgcrier_keys", "", "gauge", "Documents that are held, each shared by all who read it."},
    [METRIC_READS] = {"pgcrier_reads_total", "", "counter", "Documents read from the database."},
    [METRIC_READ_ERRORS] = {"pgcrier_read_errors_total", "", "counter", "Reads that failed."},
    [METRIC_RESOLVES] = {"pgcrier_resolves_total", "", "counter", "Spellings of arguments that the database was asked for."},
    [METRIC_NOTIFICATIONS_TOPIC] = {"pgcrier_notifications_total", "{kind=\"topic\"}", "counter", "Notifications received."},
    [METRIC_NOTIFICATIONS_TEMPLATE] = {"pgcrier_notifications_total", "{kind=\"template\"}", NULL, NULL},
    [METRIC_NOTIFICATIONS_ROUTES] = {"pgcrier_notifications_total", "{kind=\"routes\"}", NULL, NULL},
    [METRIC_NOTIFICATIONS_ANNOUNCEMENT] = {"pgcrier_notifications_total", "{kind=\"announcement\"}", NULL, NULL},
    [METRIC_NOTIFICATIONS_CHANNEL] = {"pgcrier_notifications_total", "{kind=\"channel\"}", NULL, NULL},
    [METRIC_NOTIFICATIONS_INLINE] = {"pgcrier_notifications_total", "{kind=\"inline\"}", NULL, NULL},
    [METRIC_NOTIFICATIONS_CANARY] = {"pgcrier_notifications_total", "{kind=\"canary\"}", NULL, NULL},
    [METRIC_NOTIFICATIONS_UNKNOWN] = {"pgcrier_notifications_total", "{kind=\"unknown\"}", NULL, NULL},
    [METRIC_INLINE_APPLIED] = {"pgcrier_inline_total", "{outcome=\"applied\"}", "counter", "What became of inline notifications: applied; already seen by a read; or, for the reason given, taken for a reference."},
    [METRIC_INLINE_SEEN] = {"pgcrier_inline_total", "{outcome=\"seen\"}", NULL, NULL},
    [METRIC_INLINE_BUSY] = {"pgcrier_inline_total", "{outcome=\"busy\"}", NULL, NULL},
    [METRIC_INLINE_OVERLAP] = {"pgcrier_inline_total", "{outcome=\"overlap\"}", NULL, NULL},
    [METRIC_INLINE_AGAIN] = {"pgcrier_inline_total", "{outcome=\"again\"}", NULL, NULL},
    [METRIC_INLINE_MISFIT] = {"pgcrier_inline_total", "{outcome=\"misfit\"}", NULL, NULL},
    [METRIC_INLINE_UNWATCHED] = {"pgcrier_inline_total", "{outcome=\"unwatched\"}", NULL, NULL},
    [METRIC_INLINE_UNSIGNED] = {"pgcrier_inline_total", "{outcome=\"unsigned\"}", NULL, NULL},
    [METRIC_FRAMES] = {"pgcrier_frames_total", "", "counter", "Documents encoded, each once for all its readers."},
    [METRIC_EVENTS] = {"pgcrier_events_total", "", "counter", "Announcements and notifications of channels encoded, each once for all who get it."},
    [METRIC_DELIVERIES] = {"pgcrier_deliveries_total", "", "counter", "Events written to subscribers."},
    [METRIC_SENT_BYTES] = {"pgcrier_sent_bytes_total", "", "counter", "Octets of events written to subscribers."},
    [METRIC_CUT_SLOW] = {"pgcrier_cut_total", "{reason=\"slow\"}", "counter", "What the relay ended: streams, and connections that did not move on."},
    [METRIC_CUT_BUDGET] = {"pgcrier_cut_total", "{reason=\"budget\"}", NULL, NULL},
    [METRIC_CUT_OVERFLOW] = {"pgcrier_cut_total", "{reason=\"overflow\"}", NULL, NULL},
    [METRIC_CUT_HEAD] = {"pgcrier_cut_total", "{reason=\"head\"}", NULL, NULL},
    [METRIC_CUT_BODY] = {"pgcrier_cut_total", "{reason=\"body\"}", NULL, NULL},
    [METRIC_CUT_DOWNLOAD] = {"pgcrier_cut_total", "{reason=\"download\"}", NULL, NULL},
    [METRIC_CLOSED_BY_CLIENT] = {"pgcrier_closed_total", "", "counter", "Streams closed by their clients."},
    [METRIC_RESYNCS] = {"pgcrier_resyncs_total", "", "counter", "Times that everything was read again, because the listening connection is new."},
    [METRIC_LISTENING] = {"pgcrier_listening", "", "gauge", "1 while the relay listens to the database."},
    [METRIC_POOL_IDLE] = {"pgcrier_pool_connections", "{state=\"idle\"}", "gauge", "Database connections for reads."},
    [METRIC_POOL_BUSY] = {"pgcrier_pool_connections", "{state=\"busy\"}", NULL, NULL},
    [METRIC_POOL_CONNECTING] = {"pgcrier_pool_connections", "{state=\"connecting\"}", NULL, NULL},
    [METRIC_CONNECTIONS] = {"pgcrier_connections", "", "gauge", "Client connections."},
    [METRIC_REFUSED_CONNECTIONS] = {"pgcrier_refused_total", "{reason=\"connections\"}", "counter", "What was refused for a limit: times that the door closed, connections, requests, streams."},
    [METRIC_REFUSED_ADDRESS] = {"pgcrier_refused_total", "{reason=\"address\"}", NULL, NULL},
    [METRIC_REFUSED_STREAMS] = {"pgcrier_refused_total", "{reason=\"streams\"}", NULL, NULL},
    [METRIC_REFUSED_PENALTY] = {"pgcrier_refused_total", "{reason=\"penalty\"}", NULL, NULL},
    [METRIC_REFUSED_HOST] = {"pgcrier_refused_total", "{reason=\"host\"}", NULL, NULL},
    [METRIC_REFUSED_ORIGIN] = {"pgcrier_refused_total", "{reason=\"origin\"}", NULL, NULL},
    [METRIC_REFUSED_HEAD] = {"pgcrier_refused_total", "{reason=\"head\"}", NULL, NULL},
    [METRIC_REFUSED_BODIES] = {"pgcrier_refused_total", "{reason=\"bodies\"}", NULL, NULL},
    [METRIC_REQUESTS] = {"pgcrier_requests_total", "", "counter", "Requests for routes."},
    [METRIC_PUT_OFF] = {"pgcrier_put_off_total", "", "counter", "Answers over HTTP/1 that waited for others, because their connection had had its turn."},
    [METRIC_HTTP2_CONNECTIONS] = {"pgcrier_http2_connections", "", "gauge", "Client connections that speak HTTP/2."},
    [METRIC_HTTP2_STREAMS] = {"pgcrier_http2_streams", "", "gauge", "Requests on them that are not over."},
    [METRIC_HTTP2_ENDED_PROTOCOL] = {"pgcrier_http2_ended_total", "{reason=\"protocol\"}", "counter", "HTTP/2 connections ended by the relay for what the client did."},
    [METRIC_HTTP2_ENDED_FLOOD] = {"pgcrier_http2_ended_total", "{reason=\"flood\"}", NULL, NULL},
    [METRIC_HTTP2_ENDED_RESETS] = {"pgcrier_http2_ended_total", "{reason=\"resets\"}", NULL, NULL},
    [METRIC_HTTP2_ENDED_SLOW] = {"pgcrier_http2_ended_total", "{reason=\"slow\"}", NULL, NULL},
    [METRIC_HTTP2_ENDED_STUCK] = {"pgcrier_http2_ended_total", "{reason=\"stuck\"}", NULL, NULL},
    [METRIC_HTTP2_REFUSED_HEAD] = {"pgcrier_http2_refused_total", "{reason=\"head\"}", "counter", "HTTP/2 requests refused for what the client sent."},
    [METRIC_HTTP2_REFUSED_BODY] = {"pgcrier_http2_refused_total", "{reason=\"body\"}", NULL, NULL},
    [METRIC_HTTP2_REFUSED_BUDGET] = {"pgcrier_http2_refused_total", "{reason=\"budget\"}", NULL, NULL},
    [METRIC_HTTP2_REFUSED_SLOW] = {"pgcrier_http2_refused_total", "{reason=\"slow\"}", NULL, NULL},
    [METRIC_HTTP2_CUT] = {"pgcrier_http2_cut_total", "", "counter", "Responses over HTTP/2 that the client did not take."},
    [METRIC_TLS_FAILURES] = {"pgcrier_tls_failures_total", "", "counter", "TLS handshakes that failed."},
    [METRIC_ACTIONS] = {"pgcrier_actions_total", "", "counter", "Writes given to the database."},
    [METRIC_ACTION_2XX] = {"pgcrier_answers_total", "{kind=\"action\",status=\"2xx\"}", "counter", "Answers to writes, and of blobs."},
    [METRIC_ACTION_3XX] = {"pgcrier_answers_total", "{kind=\"action\",status=\"3xx\"}", NULL, NULL},
    [METRIC_ACTION_4XX] = {"pgcrier_answers_total", "{kind=\"action\",status=\"4xx\"}", NULL, NULL},
    [METRIC_ACTION_5XX] = {"pgcrier_answers_total", "{kind=\"action\",status=\"5xx\"}", NULL, NULL},
    [METRIC_BLOB_2XX] = {"pgcrier_answers_total", "{kind=\"blob\",status=\"2xx\"}", NULL, NULL},
    [METRIC_BLOB_3XX] = {"pgcrier_answers_total", "{kind=\"blob\",status=\"3xx\"}", NULL, NULL},
    [METRIC_BLOB_4XX] = {"pgcrier_answers_total", "{kind=\"blob\",status=\"4xx\"}", NULL, NULL},
    [METRIC_BLOB_5XX] = {"pgcrier_answers_total", "{kind=\"blob\",status=\"5xx\"}", NULL, NULL},
    [METRIC_WINDOWS] = {"pgcrier_blob_windows_total", "", "counter", "Windows of blobs read from the database."},
};

/* Upper bounds of the delivery histogram [ns]; the last bucket is +Inf. */
static const uint64_t bounds[] = {
    500000, 1000000, 2000000, 5000000, 10000000, 25000000, 50000000, 100000000,
    250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};
enum { BUCKETS = sizeof(bounds) / sizeof(*bounds) + 1 };

/* Written by its own thread, read by any: relaxed atomics, no read-modify-write. */
struct block {
    _Atomic int64_t value[METRIC_COUNT];
    _Atomic int64_t bucket[BUCKETS];
    _Atomic int64_t delivery_ns;
    struct block *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the list of blocks */
static struct block *blocks;
static _Thread_local struct block *mine;

void metrics_register_thread(void)
{
    mine = must_alloc(sizeof(*mine));
    pthread_mutex_lock(&lock);
    mine->next = blocks;
    blocks = mine;
    pthread_mutex_unlock(&lock);
}

static void add(_Atomic int64_t *counter, int64_t n)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
                          memory_order_relaxed);
}

void metric_add(enum metric metric, int64_t n)
{
    if (mine != NULL) /* unit tests count nothing */
        add(&mine->value[metric], n);
}

void metric_answer(enum metric first, int status)
{
    metric_add((enum metric)((int)first + status / 100 - 2), 1);
}

void metric_observe_delivery(uint64_t nanoseconds)
{
    size_t i = 0;

    if (mine == NULL)
        return;
    while (i < BUCKETS - 1 && nanoseconds > bounds[i])
        ++i;
    add(&mine->bucket[i], 1);
    add(&mine->delivery_ns, (int64_t)nanoseconds);
}

/* Sums one counter, given by its offset in a block. */
static int64_t sum(size_t offset)
{
    int64_t total = 0;

    pthread_mutex_lock(&lock);
    for (struct block *b = blocks; b != NULL; b = b->next)
        total += atomic_load_explicit((_Atomic int64_t *)((char *)b + offset), memory_order_relaxed);
    pthread_mutex_unlock(&lock);
    return total;
}

int64_t metric_read(enum metric metric)
{
    return sum(offsetof(struct block, value) + metric * sizeof(_Atomic int64_t));
}

static void write_gauge(struct buffer *b, const char *name, const char *help, double value)
{
    buffer_printf(b, "# HELP %s %s\n# TYPE %s gauge\n%s %.15g\n", name, help, name, name, value);
}

static void write_histogram(struct buffer *b)
{
    static const char name[] = "pgcrier_delivery_seconds";
    int64_t total = 0;

    buffer_printf(b, "# HELP %s From the notification to the end of the write at a subscriber.\n"
                     "# TYPE %s histogram\n", name, name);
    for (size_t i = 0; i < BUCKETS; ++i) {
        total += sum(offsetof(struct block, bucket) + i * sizeof(_Atomic int64_t));
        if (i < BUCKETS - 1)
            buffer_printf(b, "%s_bucket{le=\"%g\"} %lld\n", name, (double)bounds[i] / 1e9, (long long)total);
        else
            buffer_printf(b, "%s_bucket{le=\"+Inf\"} %lld\n", name, (long long)total);
    }
    buffer_printf(b, "%s_sum %g\n%s_count %lld\n", name,
                  (double)sum(offsetof(struct block, delivery_ns)) / 1e9, name, (long long)total);
}

void metrics_write(struct buffer *b)
{
    for (size_t i = 0; i < METRIC_COUNT; ++i) {
        if (table[i].help != NULL)
            buffer_printf(b, "# HELP %s %s\n# TYPE %s %s\n", table[i].name, table[i].help, table[i].name,
                          table[i].type);
        buffer_printf(b, "%s%s %lld\n", table[i].name, table[i].labels,
                      (long long)metric_read((enum metric)i));
    }
    write_gauge(b, "pgcrier_frame_bytes", "Octets of all frames in memory.", (double)frame_bytes_alive());
    write_gauge(b, "pgcrier_stale_frame_bytes", "Octets of frames that only slow readers still hold.",
                (double)frame_bytes_stale());
    write_gauge(b, "pgcrier_body_bytes", "Octets of requests' bodies in memory.", (double)bodies_held());
    write_gauge(b, "pgcrier_notification_queue_ratio",
                "How full the database's queue of notifications was when last asked, 0 to 1.", backlog_usage());
    write_histogram(b);
}
