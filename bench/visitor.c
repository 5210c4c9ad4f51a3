/* visitor.c -- a client who behaves, and measures how long the answers take.
 *
 *     visitor PORT PATH INTERVAL_US CONNECTIONS
 *
 * Every INTERVAL_US it sends a GET (HTTP/1.1) to 127.0.0.1, over the next of CONNECTIONS connections that
 * it keeps, so that each of the server's threads has its part. Each line on stdin is answered by
 * the times since the last one [µs], from sending to the last octet of the answer:
 *
 *     [312,298,301]
 *
 * Requests that were due while one was still waiting are not sent, but count as if they had been, and had been
 * answered with it: otherwise one long pause would be one bad answer instead of many. Any answer but
 * 200 with a length is an error. The end of stdin ends it.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 64, MAX_TIMES = 1 << 20, ANSWER = 65536 };

static int connections[MAX_CONNECTIONS];
static uint32_t times[MAX_TIMES];
static size_t count;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int open_one(int port)
{
    struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd == -1 || connect(fd, (struct sockaddr *)&target, sizeof(target)) != 0)
        die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

/* Octets of the whole answer; 0 while its head is not complete. */
static size_t length_of(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "\r\ncontent-length:");

    if (end == NULL)
        return 0;
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || length == NULL || length > end) {
        fprintf(stderr, "visitor: %.*s\n", (int)(end - answer), answer);
        exit(1);
    }
    return (size_t)(end - answer) + 4 + strtoul(length + 17, NULL, 10);
}

static void ask(int fd, const char *request)
{
    static char answer[ANSWER];
    size_t have = 0, whole = 0;

    if (send(fd, request, strlen(request), MSG_NOSIGNAL) == -1)
        die("send");
    while (whole == 0 || have < whole) {
        ssize_t n = recv(fd, answer + have, sizeof(answer) - 1 - have, 0);
        if (n <= 0)
            die("recv");
        have += (size_t)n;
        answer[have] = '\0';
        whole = length_of(answer);
    }
}

static void record(uint64_t took, uint64_t interval)
{
    for (uint64_t passed = 0; passed <= took && count < MAX_TIMES; passed += interval)
        times[count++] = (uint32_t)(took - passed);
}

static void report(void)
{
    putchar('[');
    for (size_t i = 0; i < count; ++i)
        printf(i == 0 ? "%u" : ",%u", times[i]);
    puts("]");
    fflush(stdout);
    count = 0;
}

/* Waits until `due`, or answers a line on stdin. Returns false at its end. */
static bool wait_until(uint64_t due)
{
    for (;;) {
        struct pollfd stdin_poll = {STDIN_FILENO, POLLIN, 0};
        uint64_t now = now_us(), left = due > now ? due - now : 0;
        struct timespec timeout = {(time_t)(left / 1000000), (long)(left % 1000000) * 1000};
        char line[64];
        if (ppoll(&stdin_poll, 1, &timeout, NULL) == 0)
            return true;
        if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
            return false;
        report();
    }
}

int main(int argc, char **argv)
{
    char request[512];
    size_t open, next = 0;
    uint64_t interval, due, began;

    if (argc != 5) {
        fprintf(stderr, "usage: visitor PORT PATH INTERVAL_US CONNECTIONS\n");
        return 2;
    }
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", argv[2]);
    interval = strtoul(argv[3], NULL, 10);
    if ((open = strtoul(argv[4], NULL, 10)) > MAX_CONNECTIONS)
        open = MAX_CONNECTIONS;
    for (size_t i = 0; i < open; ++i) {
        connections[i] = open_one(atoi(argv[1]));
        ask(connections[i], request);
    }
    prctl(PR_SET_TIMERSLACK, 1);
    for (due = now_us() + interval; wait_until(due); due = began + interval) {
        began = now_us();
        ask(connections[next++ % open], request);
        record(now_us() - began, interval);
    }
    return 0;
}
