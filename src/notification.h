/* notification.h -- decode one NOTIFY payload on the channel `crier`.
 *
 * Anybody with a database login can NOTIFY: a payload is a hint and never trusted. What is not a
 * JSON object of a known shape is NOTIFICATION_UNKNOWN, counted and ignored. Unknown keys are
 * skipped, so that a newer schema can say more to an older relay.
 *
 *   {"topic":"thread/17"}              what belongs to this topic changed
 *   {"template":"thread/{root_id}"}    so did every topic that fits the template
 *   {"routes":true}                    crier.routes changed
 *   {"topic":…,"event":…,"data":…}     an event for whoever has the topic open
 */
#ifndef PGCRIER_NOTIFICATION_H
#define PGCRIER_NOTIFICATION_H

#include <stddef.h>

enum notification_kind {
    NOTIFICATION_UNKNOWN,
    NOTIFICATION_TOPIC,
    NOTIFICATION_TEMPLATE,
    NOTIFICATION_ROUTES,
    NOTIFICATION_ANNOUNCEMENT,
};

struct notification {
    enum notification_kind kind;
    char *text;        /* the topic or the template: decoded, not empty, without inner NUL; else NULL */
    char *event;       /* an announcement's name: decoded, not empty, no control characters; else NULL */
    const char *data;  /* its JSON, as it stands in the payload; NULL without one */
    size_t data_length;
};

/* Decodes a payload (at most 7,999 octets come from PostgreSQL; longer ones are UNKNOWN), which must
 * live as long as `data` is looked at. */
void notification_decode(struct notification *n, const char *payload, size_t length);
void notification_dispose(struct notification *n);

#endif
