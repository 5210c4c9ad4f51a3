/* pg.h -- one libpq connection on a loop.
 *
 * Connecting is done by a short-lived thread with libpq's own blocking call, because name lookup
 * blocks even in PQconnectPoll and because only the blocking call honours connect_timeout and
 * tries every host. The loop meets a connection when it is made, and from then on nothing blocks.
 *
 * The socket that the loop watches is a duplicate: libpq closes its own.
 */
#ifndef PGCRIER_PG_H
#define PGCRIER_PG_H

#include <libpq-fe.h>
#include "loop.h"

struct pg_connecting; /* the thread at work */

struct pg {
    struct loop *loop;
    const char *conninfo;             /* URL or conninfo; must outlive this */
    const char *purpose;              /* for application_name */
    PGconn *conn;                     /* NULL unless connected */
    h2o_socket_t *socket;
    struct pg_connecting *connecting; /* NULL unless connecting */
    /* err is NULL when the connection stands; otherwise it is libpq's words, one line. */
    void (*on_connected)(struct pg *pg, const char *err);
    /* Input was consumed: look for results and notifications. */
    void (*on_input)(struct pg *pg);
    /* The connection broke; it is closed already. */
    void (*on_lost)(struct pg *pg, const char *err);
};

void pg_connect(struct pg *pg);
/* Closes, or abandons the attempt; no callback afterwards. */
void pg_close(struct pg *pg);
/* To be called after every PQsend…: writes what libpq holds, now or when the socket can take it. */
void pg_flush(struct pg *pg);
/* libpq's message with its first line only, without a trailing newline, in a static buffer. */
const char *pg_first_line(const char *message);

#endif
