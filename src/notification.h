/* notification.h -- decode one NOTIFY payload on the channel `crier`.
 *
 * Anybody with a database login can NOTIFY: a payload is a hint and never trusted. What is not a
 * JSON object of a known shape is NOTIFICATION_UNKNOWN, counted and ignored. Unknown keys are
 * skipped, so that a newer schema can say more to an older relay.
 *
 *   {"topic":"thread/17"}              what belongs to this topic changed
 *   {"template":"thread/{root_id}"}    so did every topic that fits the template
 *   {"routes":true}                    crier.routes changed
 */
#ifndef PGCRIER_NOTIFICATION_H
#define PGCRIER_NOTIFICATION_H

#include <stddef.h>

enum notification_kind {
    NOTIFICATION_UNKNOWN,
    NOTIFICATION_TOPIC,
    NOTIFICATION_TEMPLATE,
    NOTIFICATION_ROUTES,
};

struct notification {
    enum notification_kind kind;
    char *text; /* the topic or the template: decoded, not empty, without inner NUL; else NULL */
};

/* Decodes a payload (at most 7,999 octets come from PostgreSQL; longer ones are UNKNOWN). */
void notification_decode(struct notification *n, const char *payload, size_t length);
void notification_dispose(struct notification *n);

#endif
