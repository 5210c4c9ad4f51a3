/* metrics.h -- what the relay counts.
 *
 * Each thread counts for itself, in its own block, with plain stores that only it makes; a scrape
 * adds the blocks up. So counting costs an addition and never contends. Gauges are counters that
 * also go down. The table in metrics.c gives every number its Prometheus name and help.
 */
#ifndef PGCRIER_METRICS_H
#define PGCRIER_METRICS_H

#include <stdint.h>
#include "buffer.h"

enum metric {
    METRIC_SUBSCRIBERS,
    METRIC_KEYS,
    METRIC_READS,
    METRIC_READ_ERRORS,
    METRIC_RESOLVES,
    METRIC_NOTIFICATIONS_TOPIC,
    METRIC_NOTIFICATIONS_TEMPLATE,
    METRIC_NOTIFICATIONS_ROUTES,
    METRIC_NOTIFICATIONS_ANNOUNCEMENT,
    METRIC_NOTIFICATIONS_CHANNEL,
    METRIC_NOTIFICATIONS_INLINE,
    METRIC_NOTIFICATIONS_CANARY,
    METRIC_NOTIFICATIONS_UNKNOWN,
    METRIC_INLINE_APPLIED,
    METRIC_INLINE_SEEN,
    METRIC_INLINE_BUSY,
    METRIC_INLINE_OVERLAP,
    METRIC_INLINE_AGAIN,
    METRIC_INLINE_MISFIT,
    METRIC_INLINE_UNWATCHED,
    METRIC_INLINE_UNSIGNED,
    METRIC_FRAMES,
    METRIC_EVENTS,
    METRIC_DELIVERIES,
    METRIC_SENT_BYTES,
    METRIC_CUT_SLOW,
    METRIC_CUT_BUDGET,
    METRIC_CUT_OVERFLOW,
    METRIC_CUT_HEAD,
    METRIC_CUT_BODY,
    METRIC_CUT_DOWNLOAD,
    METRIC_CLOSED_BY_CLIENT,
    METRIC_RESYNCS,
    METRIC_LISTENING,
    METRIC_POOL_IDLE,
    METRIC_POOL_BUSY,
    METRIC_POOL_CONNECTING,
    METRIC_CONNECTIONS,
    METRIC_REFUSED_CONNECTIONS,
    METRIC_REFUSED_ADDRESS,
    METRIC_REFUSED_STREAMS,
    METRIC_REFUSED_PENALTY,
    METRIC_REFUSED_HOST,
    METRIC_REFUSED_ORIGIN,
    METRIC_REFUSED_HEAD,
    METRIC_REFUSED_BODIES,
    METRIC_REQUESTS,
    METRIC_PUT_OFF,
    METRIC_HTTP2_CONNECTIONS,
    METRIC_HTTP2_STREAMS,
    METRIC_HTTP2_ENDED_PROTOCOL,
    METRIC_HTTP2_ENDED_FLOOD,
    METRIC_HTTP2_ENDED_RESETS,
    METRIC_HTTP2_ENDED_SLOW,
    METRIC_HTTP2_ENDED_STUCK,
    METRIC_HTTP2_REFUSED_HEAD,
    METRIC_HTTP2_REFUSED_BODY,
    METRIC_HTTP2_REFUSED_BUDGET,
    METRIC_HTTP2_REFUSED_SLOW,
    METRIC_HTTP2_CUT,
    METRIC_TLS_FAILURES,
    METRIC_ACTIONS,
    METRIC_ACTION_2XX, /* these four in this order, see metric_answer() */
    METRIC_ACTION_3XX,
    METRIC_ACTION_4XX,
    METRIC_ACTION_5XX,
    METRIC_BLOB_2XX, /* and these */
    METRIC_BLOB_3XX,
    METRIC_BLOB_4XX,
    METRIC_BLOB_5XX,
    METRIC_WINDOWS,
    METRIC_COUNT
};

/* To be called once by every thread that counts, before it counts. */
void metrics_register_thread(void);
void metric_add(enum metric metric, int64_t n);
/* An answer of this status; `first` is the 2XX of its kind. */
void metric_answer(enum metric first, int status);
/* From notification to the completion of the write at one subscriber. */
void metric_observe_delivery(uint64_t nanoseconds);
/* The sum over all threads; callable from any. */
int64_t metric_read(enum metric metric);
/* Appends the whole in Prometheus' text format. */
void metrics_write(struct buffer *b);

#endif
