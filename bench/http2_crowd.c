/* http2_crowd.c -- many readers of event streams over HTTP/2, for benches.
 *
 *     http2_crowd PORT PATH CONNECTIONS STREAMS
 *
 * Opens STREAMS streams of PATH on each of CONNECTIONS connections to 127.0.0.1 (h2c) and reads them as
 * fast as it can, with windows that never close. Each line on stdin is answered by one line of JSON:
 *
 *     {"headers":10000,"frames":120000,"octets":36000000,"closed":0}
 *
 * `frames` are DATA frames with something in them, `octets` what was in them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 262144, HEAD = 9, REPLENISH = 1 << 30 };

struct connection {
    int fd;
    uint8_t head[HEAD];
    size_t have, left;      /* of the frame's header; of its payload */
    uint64_t taken;         /* octets of DATA since the last WINDOW_UPDATE */
};

static uint64_t headers, frames, octets, closed;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void put_frame(uint8_t **at, size_t length, uint8_t type, uint8_t flags, uint32_t id)
{
    uint8_t head[HEAD] = {(uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, type, flags,
                          (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
    memcpy(*at, head, HEAD);
    *at += HEAD;
}

static void put_uint32(uint8_t **at, uint32_t n)
{
    uint8_t bytes[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    memcpy(*at, bytes, 4);
    *at += 4;
}

/* A literal without indexing; strings of less than 127 octets. */
static void put_field(uint8_t **at, const char *name, const char *value)
{
    *(*at)++ = 0;
    *(*at)++ = (uint8_t)strlen(name);
    memcpy(*at, name, strlen(name));
    *at += strlen(name);
    *(*at)++ = (uint8_t)strlen(value);
    memcpy(*at, value, strlen(value));
    *at += strlen(value);
}

static void send_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length != 0) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n == -1)
            die("send");
        bytes += n;
        length -= (size_t)n;
    }
}

static size_t make_block(uint8_t *block, const char *path)
{
    uint8_t *at = block;

    put_field(&at, ":method", "GET");
    put_field(&at, ":scheme", "http");
    put_field(&at, ":path", path);
    put_field(&at, ":authority", "x");
    put_field(&at, "accept", "text/event-stream");
    return (size_t)(at - block);
}

static void greet(struct connection *connection, const char *path, int streams)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    uint8_t *bytes = malloc(4096 + (size_t)streams * 512), *at = bytes, block[512];
    size_t length = make_block(block, path);

    memcpy(at, preface, sizeof(preface) - 1);
    at += sizeof(preface) - 1;
    put_frame(&at, 6, 4, 0, 0); /* SETTINGS: the initial window is as large as may be */
    *at++ = 0;
    *at++ = 4;
    put_uint32(&at, INT32_MAX);
    put_frame(&at, 4, 8, 0, 0); /* WINDOW_UPDATE of the connection */
    put_uint32(&at, INT32_MAX - 65535);
    put_frame(&at, 0, 4, 1, 0); /* SETTINGS, acknowledged */
    for (int i = 0; i < streams; ++i) {
        put_frame(&at, length, 1, 5, (uint32_t)(2 * i + 1));
        memcpy(at, block, length);
        at += length;
    }
    send_all(connection->fd, bytes, (size_t)(at - bytes));
    free(bytes);
}

static void count_frame(struct connection *connection)
{
    size_t length = (size_t)connection->head[0] << 16 | (size_t)connection->head[1] << 8 | connection->head[2];

    connection->left = length;
    connection->have = 0;
    headers += connection->head[3] == 1;
    if (connection->head[3] != 0)
        return;
    frames += length != 0;
    octets += length;
    connection->taken += length;
}

static void replenish(struct connection *connection)
{
    uint8_t update[HEAD + 4], *at = update;

    put_frame(&at, 4, 8, 0, 0);
    put_uint32(&at, (uint32_t)connection->taken);
    send_all(connection->fd, update, sizeof(update));
    connection->taken = 0;
}

static void take(struct connection *connection, const uint8_t *at, size_t size)
{
    while (size != 0) {
        size_t n = connection->left < size ? connection->left : size;
        connection->left -= n;
        at += n;
        size -= n;
        for (; size != 0 && connection->left == 0; --size) {
            connection->head[connection->have++] = *at++;
            if (connection->have == HEAD)
                count_frame(connection);
        }
    }
    if (connection->taken > REPLENISH)
        replenish(connection);
}

static void on_readable(int loop, struct connection *connection)
{
    static uint8_t piece[PIECE];
    ssize_t n = read(connection->fd, piece, sizeof(piece));

    if (n > 0) {
        take(connection, piece, (size_t)n);
    } else if (n == 0 || errno != EAGAIN) {
        ++closed;
        epoll_ctl(loop, EPOLL_CTL_DEL, connection->fd, NULL);
    }
}

static void open_one(int loop, struct connection *connection, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = connection}};
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if ((connection->fd = socket(AF_INET, SOCK_STREAM, 0)) == -1 ||
        connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        die("connect");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_ctl(loop, EPOLL_CTL_ADD, connection->fd, &event);
}

/* Returns when stdin has ended. */
static void serve(int loop)
{
    struct epoll_event events[64];
    char line[64];

    for (;;) {
        int n = epoll_wait(loop, events, 64, -1);
        for (int i = 0; i < n; ++i) {
            if (events[i].data.ptr != NULL) {
                on_readable(loop, events[i].data.ptr);
                continue;
            }
            if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
                return;
            printf("{\"headers\":%ju,\"frames\":%ju,\"octets\":%ju,\"closed\":%ju}\n", (uintmax_t)headers,
                   (uintmax_t)frames, (uintmax_t)octets, (uintmax_t)closed);
            fflush(stdout);
        }
    }
}

int main(int argc, char **argv)
{
    struct epoll_event input = {.events = EPOLLIN};
    struct connection *connections;
    int loop = epoll_create1(EPOLL_CLOEXEC);

    if (argc != 5) {
        fprintf(stderr, "usage: http2_crowd PORT PATH CONNECTIONS STREAMS\n");
        return 2;
    }
    connections = calloc((size_t)atoi(argv[3]), sizeof(*connections));
    epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &input);
    for (int i = 0; i < atoi(argv[3]); ++i) {
        open_one(loop, &connections[i], atoi(argv[1]));
        greet(&connections[i], argv[2], atoi(argv[4]));
    }
    serve(loop);
    return 0;
}
