/* listen_client.c -- what a bare libpq client sees of LISTEN: the floor under every latency.
 *
 *     listen_client CONNINFO CHANNEL
 *
 * It does nothing but listen, and prints one line per notification, with the moment at which
 * PQnotifies() handed it over (CLOCK_MONOTONIC, so it compares with those of other processes):
 *
 *     1234567890123 {"topic":"/bench"}
 *
 * The first line is "listening". The end of stdin ends it.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <libpq-fe.h>

static void die(PGconn *conn)
{
    fprintf(stderr, "listen_client: %s", PQerrorMessage(conn));
    exit(1);
}

static void print_notifications(PGconn *conn)
{
    PGnotify *notify;

    while ((notify = PQnotifies(conn)) != NULL) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("%lld%09ld %s\n", (long long)now.tv_sec, now.tv_nsec, notify->extra);
        PQfreemem(notify);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    PGconn *conn;
    PGresult *result;
    char *channel, sql[256];

    if (argc != 3) {
        fprintf(stderr, "usage: listen_client CONNINFO CHANNEL\n");
        return 2;
    }
    conn = PQconnectdb(argv[1]);
    channel = PQescapeIdentifier(conn, argv[2], 63);
    if (channel == NULL)
        die(conn);
    snprintf(sql, sizeof(sql), "listen %s", channel);
    PQfreemem(channel);
    result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die(conn);
    PQclear(result);
    puts("listening");
    fflush(stdout);
    for (;;) {
        struct pollfd fds[2] = {{PQsocket(conn), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        if (poll(fds, 2, -1) == -1 || fds[1].revents != 0)
            break;
        if (!PQconsumeInput(conn))
            die(conn);
        print_notifications(conn);
    }
    PQfinish(conn);
    return 0;
}
