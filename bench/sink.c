/* sink.c -- takes what an attacker sends and does nothing with it: what the machine alone suffers.
 *
 *     sink OCTETS THREADS
 *
 * Prints the port on which it listens (127.0.0.1), and has as many processes as the relay has threads.
 * Each connection is read as far as it goes, and reset when OCTETS of it have been read (0: never). The end of
 * stdin ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

enum { MAX_FD = 8192, EVENTS = 256 };

static size_t most, have[MAX_FD];

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1;) {
        if (fd >= MAX_FD) {
            close(fd);
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        have[fd] = 0;
        watch(epoll, fd);
    }
}

static void discard(int fd)
{
    static char octets[65536];
    ssize_t n = recv(fd, octets, sizeof(octets), 0);

    if (n > 0)
        have[fd] += (size_t)n;
    if (n == 0 || (n == -1 && errno != EAGAIN) || (most != 0 && have[fd] >= most))
        close(fd);
}

static void serve(int listener)
{
    struct epoll_event events[EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    watch(epoll, listener);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; ++i) {
            if (events[i].data.fd == listener)
                accept_all(epoll, listener);
            else
                discard(events[i].data.fd);
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    char octet;

    if (argc != 3) {
        fprintf(stderr, "usage: sink OCTETS THREADS\n");
        return 2;
    }
    most = strtoul(argv[1], NULL, 10);
    if (listener == -1 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 511) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        die("listen");
    for (int i = 0; i < atoi(argv[2]); ++i) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve(listener);
        }
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (read(STDIN_FILENO, &octet, 1) > 0)
        continue;
    return 0;
}
