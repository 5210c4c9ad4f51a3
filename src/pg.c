/* pg.c -- see pg.h. */
#include "pg.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "log.h"

struct pg_connecting {
    struct message message;
    struct pg *pg; /* NULL once abandoned; the loop's thread only */
    struct loop *loop;
    char *conninfo, *purpose;
    PGconn *conn;
};

const char *pg_first_line(const char *message)
{
    static _Thread_local char line[512];
    size_t length = strcspn(message, "\n");

    snprintf(line, sizeof(line), "%.*s", (int)(length > 500 ? 500 : length), message);
    return line;
}

static void give_up(struct pg *pg)
{
    if (pg->socket != NULL)
        h2o_socket_close(pg->socket);
    pg->socket = NULL;
    PQfinish(pg->conn);
    pg->conn = NULL;
}

static void lose(struct pg *pg)
{
    char err[512];

    snprintf(err, sizeof(err), "%s", pg_first_line(PQerrorMessage(pg->conn)));
    give_up(pg);
    pg->on_lost(pg, err[0] != '\0' ? err : "the connection was closed");
}

static void on_readable(h2o_socket_t *socket, const char *err)
{
    struct pg *pg = socket->data;

    (void)err;
    if (!PQconsumeInput(pg->conn)) {
        /* What arrived before the end may hold an answer, or the reason of the end. */
        pg->on_input(pg);
        if (pg->conn != NULL)
            lose(pg);
        return;
    }
    pg_flush(pg);
    if (pg->conn != NULL)
        pg->on_input(pg);
    if (pg->conn != NULL && PQstatus(pg->conn) == CONNECTION_BAD)
        lose(pg);
}

static void on_writable(h2o_socket_t *socket, const char *err)
{
    struct pg *pg = socket->data;

    (void)err;
    pg_flush(pg);
}

void pg_flush(struct pg *pg)
{
    /* -1 is a broken connection; the socket is readable then, and on_readable() loses it. */
    if (PQflush(pg->conn) == 1 && !h2o_socket_is_writing(pg->socket))
        h2o_socket_notify_write(pg->socket, on_writable);
}

static void discard(struct pg_connecting *connecting)
{
    if (connecting->conn != NULL)
        PQfinish(connecting->conn);
    free(connecting->conninfo);
    free(connecting->purpose);
    free(connecting);
}

static void refuse(struct pg *pg, struct pg_connecting *connecting, const char *err)
{
    char line[512];

    snprintf(line, sizeof(line), "%s", err);
    discard(connecting);
    pg->on_connected(pg, line);
}

/* On the loop: the thread is done. */
static void on_done(struct message *message)
{
    struct pg_connecting *connecting = (struct pg_connecting *)message;
    struct pg *pg = connecting->pg;
    int fd;

    if (pg == NULL) {
        discard(connecting);
        return;
    }
    pg->connecting = NULL;
    if (PQstatus(connecting->conn) != CONNECTION_OK) {
        refuse(pg, connecting, pg_first_line(PQerrorMessage(connecting->conn)));
        return;
    }
    if ((fd = fcntl(PQsocket(connecting->conn), F_DUPFD_CLOEXEC, 0)) == -1) {
        refuse(pg, connecting, strerror(errno));
        return;
    }
    pg->conn = connecting->conn;
    connecting->conn = NULL;
    discard(connecting);
    PQsetnonblocking(pg->conn, 1);
    pg->socket = loop_watch(pg->loop, fd, on_readable, pg);
    pg->on_connected(pg, NULL);
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    log_debug("database: %s", pg_first_line(PQresultErrorMessage(result)));
}

static void *connect_blocking(void *arg)
{
    struct pg_connecting *connecting = arg;
    /* What comes before dbname is a default that the user's URL overrides; what comes after is
     * ours: a document's bytes are UTF-8 or nothing. */
    const char *const keywords[] = {"connect_timeout", "keepalives_idle", "keepalives_interval",
                                    "keepalives_count", "tcp_user_timeout", "target_session_attrs",
                                    "fallback_application_name", "dbname", "client_encoding", NULL};
    const char *const values[] = {"5", "10", "5", "3", "15000", "read-write",
                                  connecting->purpose, connecting->conninfo, "UTF8", NULL};

    connecting->conn = PQconnectdbParams(keywords, values, 1);
    PQsetNoticeReceiver(connecting->conn, ignore_notice, NULL);
    loop_post(connecting->loop, &connecting->message, on_done);
    return NULL;
}

void pg_connect(struct pg *pg)
{
    struct pg_connecting *connecting = must_alloc(sizeof(*connecting));
    pthread_attr_t detached;
    pthread_t thread;

    connecting->pg = pg;
    connecting->loop = pg->loop;
    connecting->conninfo = must_strdup(pg->conninfo);
    connecting->purpose = must_strdup(pg->purpose);
    pg->connecting = connecting;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, connect_blocking, connecting) != 0) {
        log_error("pthread_create: %s", strerror(errno));
        exit(1);
    }
    pthread_attr_destroy(&detached);
}

void pg_close(struct pg *pg)
{
    if (pg->connecting != NULL)
        pg->connecting->pg = NULL;
    pg->connecting = NULL;
    if (pg->conn != NULL)
        give_up(pg);
}
