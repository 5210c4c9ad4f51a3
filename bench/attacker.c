/* attacker.c -- sends what others prepared, as fast as the kernel takes it, again and again.
 *
 *     attacker [-d] [-b] [-e loop|close|reset|wait] [-a ADDRESS] PORT CONNECTIONS FILE:HEAD…
 *
 * Each of CONNECTIONS connections to 127.0.0.1 (from ADDRESS, 127.0.0.66) sends a file, the next one another. What
 * comes after the first HEAD octets is repeated until the peer ends the connection (loop, the default); or
 * when all is sent the attacker closes it, resets it, or waits for the peer to end it. A connection
 * that is over is opened again at once. -d never reads an answer, -b sends single octets.
 *
 * It computes nothing, so that the processor is left to the one who is attacked. The end of stdin ends it,
 * with one line of JSON:
 *
 *     {"opened":120,"cut":112,"octets":4711000}
 *
 * `cut` were ended by the peer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256, MAX_FILES = 16, TURN = 256 << 10 /* octets of one turn */ };

enum ending { LOOP, CLOSE, RESET, WAIT };

struct text {
    const char *octets;
    size_t head, length;
};

struct connection {
    int fd; /* -1: to be opened */
    const struct text *text;
    size_t at;
    bool sent;
};

static struct text texts[MAX_FILES];
static struct connection connections[MAX_CONNECTIONS];
static size_t text_count, connection_count, next_text;
static struct sockaddr_in target = {.sin_family = AF_INET}, source = {.sin_family = AF_INET};
static int epoll;
static bool deaf, single;
static enum ending ending;
static unsigned long long opened, cut, octets;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(const struct connection *connection, int operation)
{
    struct epoll_event event = {.events = EPOLLRDHUP | (deaf ? 0 : EPOLLIN) | (connection->sent ? 0 : EPOLLOUT),
                                .data.u64 = (uint64_t)(connection - connections)};
    epoll_ctl(epoll, operation, connection->fd, &event);
}

static void open_one(struct connection *connection)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd == -1)
        die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&source, sizeof(source)) != 0 ||
        (connect(fd, (struct sockaddr *)&target, sizeof(target)) != 0 && errno != EINPROGRESS)) {
        close(fd); /* no port is free: the next turn tries again */
        return;
    }
    ++opened;
    *connection = (struct connection){.fd = fd, .text = &texts[next_text++ % text_count]};
    watch(connection, EPOLL_CTL_ADD);
}

static void end(struct connection *connection, bool hard)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};

    if (hard)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(connection->fd);
    connection->fd = -1;
}

static void end_by_peer(struct connection *connection)
{
    ++cut;
    end(connection, true);
}

/* All is sent once. */
static void finish(struct connection *connection)
{
    if (ending == LOOP && connection->text->length > connection->text->head) {
        connection->at = connection->text->head;
    } else if (ending == WAIT || ending == LOOP) {
        connection->sent = true;
        watch(connection, EPOLL_CTL_MOD);
    } else {
        end(connection, ending == RESET);
    }
}

static void send_more(struct connection *connection)
{
    for (size_t turn = 0; turn < TURN && connection->fd != -1 && !connection->sent;) {
        const struct text *text = connection->text;
        size_t left = text->length - connection->at;
        ssize_t n = 0;
        if (left > TURN)
            left = TURN;
        if (left != 0)
            n = send(connection->fd, text->octets + connection->at, single ? 1 : left, MSG_NOSIGNAL);
        if (n == -1) {
            if (errno != EAGAIN)
                end_by_peer(connection);
            return;
        }
        octets += (size_t)n;
        turn += single ? 1024 : (size_t)n + 1;
        connection->at += (size_t)n;
        if (connection->at == text->length)
            finish(connection);
    }
}

/* Returns false when the peer has ended it. */
static bool read_all(struct connection *connection)
{
    static char discarded[262144];
    ssize_t n;

    for (int i = 0; i < 16; ++i) {
        if ((n = recv(connection->fd, discarded, sizeof(discarded), 0)) == 0 || (n == -1 && errno != EAGAIN))
            return false;
        if (n < (ssize_t)sizeof(discarded))
            return true;
    }
    return true;
}

static void serve(struct connection *connection, uint32_t events)
{
    if ((events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) != 0 || ((events & EPOLLIN) != 0 && !read_all(connection)))
        end_by_peer(connection);
    else if ((events & EPOLLOUT) != 0)
        send_more(connection);
}

static bool is_over(void)
{
    char octet;
    return read(STDIN_FILENO, &octet, 1) == 0;
}

static void attack(void)
{
    struct epoll_event events[MAX_CONNECTIONS];

    while (!is_over()) {
        bool missing = false;
        for (size_t i = 0; i < connection_count; ++i) {
            if (connections[i].fd == -1)
                open_one(&connections[i]);
            missing = missing || connections[i].fd == -1;
        }
        int count = epoll_wait(epoll, events, MAX_CONNECTIONS, missing ? 1 : 20);
        for (int i = 0; i < count; ++i)
            serve(&connections[events[i].data.u64], events[i].events);
    }
}

static struct text load(char *argument)
{
    char *colon = strrchr(argument, ':');
    struct stat stat;
    struct text text;
    int fd;

    if (colon == NULL)
        die("FILE:HEAD");
    *colon = '\0';
    if ((fd = open(argument, O_RDONLY | O_CLOEXEC)) == -1 || fstat(fd, &stat) != 0)
        die(argument);
    text = (struct text){.head = strtoul(colon + 1, NULL, 10), .length = (size_t)stat.st_size};
    if (text.length != 0 &&
        (text.octets = mmap(NULL, text.length, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0)) == MAP_FAILED)
        die("mmap");
    close(fd);
    return text;
}

static enum ending parse_ending(const char *name)
{
    static const char *const names[] = {"loop", "close", "reset", "wait"};

    for (int i = 0; i < 4; ++i) {
        if (strcmp(name, names[i]) == 0)
            return (enum ending)i;
    }
    fprintf(stderr, "attacker: -e %s?\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    source.sin_addr.s_addr = htonl(0x7f000042);
    for (int option; (option = getopt(argc, argv, "dbe:a:")) != -1;) {
        deaf = deaf || option == 'd';
        single = single || option == 'b';
        if (option == 'e')
            ending = parse_ending(optarg);
        if (option == 'a' && inet_pton(AF_INET, optarg, &source.sin_addr) != 1)
            die(optarg);
    }
    if (argc - optind < 3 || argc - optind - 2 > MAX_FILES) {
        fprintf(stderr, "usage: attacker [-d] [-b] [-e loop|close|reset|wait] [-a ADDRESS] PORT CONNECTIONS FILE:HEAD...\n");
        return 2;
    }
    target.sin_port = htons((uint16_t)atoi(argv[optind]));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection_count = strtoul(argv[optind + 1], NULL, 10);
    if (connection_count > MAX_CONNECTIONS)
        connection_count = MAX_CONNECTIONS;
    for (int i = optind + 2; i < argc; ++i)
        texts[text_count++] = load(argv[i]);
    for (size_t i = 0; i < connection_count; ++i)
        connections[i].fd = -1;
    if ((epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
        die("epoll_create1");
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    attack();
    printf("{\"opened\":%llu,\"cut\":%llu,\"octets\":%llu}\n", opened, cut, octets);
    return 0;
}
