/* backlog.h -- how full the database's queue of notifications is.
 *
 * PostgreSQL keeps what is notified, in all databases together, until the slowest session that listens has
 * taken it; a session that listens inside a long transaction takes nothing, and where the queue is full
 * every commit that notifies fails. So its fullness is asked for with each report (report.h), shown in the
 * metrics, and warned of once when it passes BACKLOG_WARN_PERCENT; again only after it was below half of
 * that.
 */
#ifndef PGCRIER_BACKLOG_H
#define PGCRIER_BACKLOG_H

enum { BACKLOG_WARN_PERCENT = 10 };

/* What pg_notification_queue_usage() says, a number from 0 to 1. On one thread. */
void backlog_seen(const char *usage);
/* The last that was seen, 0 before; callable from any thread. */
double backlog_usage(void);

#endif
