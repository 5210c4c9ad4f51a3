/* supervisor.h -- what systemd, or whoever speaks its protocol (sd_notify(3)), is told.
 *
 * NOTIFY_SOCKET names a datagram socket: READY=1 when the relay can serve, STOPPING=1 when it drains.
 * With WATCHDOG_USEC, WATCHDOG=1 twice in that time, as long as every loop turns: each worker says
 * so once a second, the core by sending it. A relay that hangs is silent, and is started anew.
 */
#ifndef PGCRIER_SUPERVISOR_H
#define PGCRIER_SUPERVISOR_H

#include "loop.h"

/* Reads the environment, and takes it away from children. The watchdog is fed from this loop. */
void supervisor_init(struct loop *loop, unsigned workers);
void supervisor_ready(void);
void supervisor_stopping(void);
/* The worker's loop has turned; on its thread. */
void supervisor_alive(unsigned worker);
/* The worker has ended, as it should. */
void supervisor_left(unsigned worker);

#endif
