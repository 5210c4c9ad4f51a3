/* crowd.c -- thousands of readers of one event stream, in one process; for tests and benches.
 *
 *     crowd [-s] HOST:PORT PATH READERS [SLEEPERS [FROM…]]
 *
 * Connects all at once over HTTP/1.1: READERS that read as fast as they can, and SLEEPERS that send
 * their request and never read a byte. FROM are local addresses, taken in turn (an address has some
 * 28,000 ports). Times are CLOCK_MONOTONIC, so they compare with those of other processes on the
 * machine.
 *
 * It understands what an EventSource would hear: chunked or plain bodies, events by their `id`.
 * Readers are told apart by nothing but their last event. What all of them have received at some
 * moment is one line of JSON on stdout; a line `report` on stdin asks for another:
 *
 *     {"what":"all","id":"…","data":"first octets…","octets":17,"count":1000,
 *      "first_ns":…,"last_ns":…}
 *     {"what":"report","began_ns":…,"answers":{"200":1000},"failed":0,"reading":1000,
 *      "sleeping":100,"ended":0,"cut":3,"events":5000,
 *      "now":[{"id":"…","octets":17,"count":1000},…]}
 *
 * With -s the data are `SENDER NUMBER`, and nothing is told but in reports: whether every reader got
 * the numbers of every sender from 1 on, each after the one before:
 *
 *     "sequence":{"wrong":0,"least":500000,"most":500000,"hash":1,"last_ns":…}
 *
 * `wrong` events came out of order, or after a gap; a reader got `least` to `most` events; `hash` is how
 * many different orders of all events together the readers saw.
 *
 * first_ns is when the first byte of the event was read by anybody, last_ns when its last byte was
 * read by everybody. `ended` streams came to their last chunk; `cut` ones did not. A line `quit`,
 * or the end of stdin, ends it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    PIECE = 262144,     /* octets of one read */
    LINE_KEPT = 80,     /* octets of a line that are remembered */
    ID_MAX = 32,
    EVENTS_KEPT = 4096, /* events that are told apart; the oldest are forgotten */
    SENDERS = 16,
    STATUS_MAX = 600,
};

/* An event, as the crowd has seen it. */
struct event {
    char id[ID_MAX + 1];
    char data[LINE_KEPT + 1]; /* its beginning */
    size_t octets;            /* of its data */
    uint64_t first_ns, last_ns;
    size_t count; /* readers that got it */
    size_t now;   /* readers whose last event it is */
};

/* What has come of a line. */
struct line {
    char text[LINE_KEPT + 1];
    size_t length; /* may be more than is kept */
};

/* SIZE, BODY and BODY_END go round for every chunk; LAST is the empty one. */
enum state { CONNECTING, HEAD, SIZE, BODY, BODY_END, LAST, PLAIN, SLEEPING, OVER };

struct reader {
    int fd;
    enum state state;
    bool sleeps, chunked;
    uint64_t chunk_left;
    struct line http; /* of the head, or around a chunk */
    struct line sse;
    char id[ID_MAX + 1];
    char data[LINE_KEPT + 1];
    size_t octets;
    bool has_data;
    uint64_t began_ns; /* first byte of the event at hand; 0 between events */
    struct event *last;
    uint64_t numbers[SENDERS]; /* with -s: the last one of each */
    uint64_t got, hash;
};

static const char *request;
static size_t request_length;
static int loop;
static struct reader *readers;
static size_t count; /* of readers and sleepers */
static size_t reading, sleeping, ended, cut, failed, events_seen;
static size_t answers[STATUS_MAX];
static struct event events[EVENTS_KEPT];
static size_t newest; /* number of the newest event; event i lives at i % EVENTS_KEPT */
static uint64_t began_ns, last_ns;
static bool sequenced;
static size_t wrong;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- what is told ----------------------------------------------------------------------------- */

static void print_string(const char *text)
{
    putchar('"');
    for (; *text != '\0'; ++text) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text >= ' ')
            putchar(*text);
    }
    putchar('"');
}

static void tell_all(const struct event *event)
{
    printf("{\"what\":\"all\",\"id\":");
    print_string(event->id);
    printf(",\"data\":");
    print_string(event->data);
    printf(",\"octets\":%zu,\"count\":%zu,\"first_ns\":%llu,\"last_ns\":%llu}\n", event->octets,
           event->count, (unsigned long long)event->first_ns, (unsigned long long)event->last_ns);
    fflush(stdout);
}

static void report_sequence(void)
{
    uint64_t least = UINT64_MAX, most = 0;
    size_t hashes = 0;

    for (size_t i = 0; i < count; ++i) {
        size_t j = 0;
        if (readers[i].sleeps)
            continue;
        least = readers[i].got < least ? readers[i].got : least;
        most = readers[i].got > most ? readers[i].got : most;
        while (j < i && (readers[j].sleeps || readers[j].hash != readers[i].hash))
            ++j;
        hashes += j == i;
    }
    printf(",\"sequence\":{\"wrong\":%zu,\"least\":%llu,\"most\":%llu,\"hash\":%zu,\"last_ns\":%llu}", wrong,
           (unsigned long long)least, (unsigned long long)most, hashes, (unsigned long long)last_ns);
}

static void report(void)
{
    const char *comma = "";

    printf("{\"what\":\"report\",\"began_ns\":%llu,\"answers\":{", (unsigned long long)began_ns);
    for (size_t i = 0; i < STATUS_MAX; ++i) {
        if (answers[i] != 0) {
            printf("%s\"%zu\":%zu", comma, i, answers[i]);
            comma = ",";
        }
    }
    printf("},\"failed\":%zu,\"reading\":%zu,\"sleeping\":%zu", failed, reading, sleeping);
    printf(",\"ended\":%zu,\"cut\":%zu,\"events\":%zu,\"now\":[", ended, cut, events_seen);
    comma = "";
    for (size_t i = 0; i < EVENTS_KEPT; ++i) {
        if (events[i].now != 0) {
            printf("%s{\"id\":", comma);
            print_string(events[i].id);
            printf(",\"octets\":%zu,\"count\":%zu}", events[i].octets, events[i].now);
            comma = ",";
        }
    }
    printf("]");
    if (sequenced)
        report_sequence();
    printf("}\n");
    fflush(stdout);
}

/* --- the event stream ------------------------------------------------------------------------- */

static struct event *event_of(const struct reader *r)
{
    struct event *event;
    size_t known = newest < EVENTS_KEPT ? newest : EVENTS_KEPT;

    for (size_t i = 0; i < known; ++i) {
        event = &events[(newest - i) % EVENTS_KEPT];
        if (event->octets == r->octets && strcmp(event->id, r->id) == 0)
            return event;
    }
    event = &events[++newest % EVENTS_KEPT];
    memset(event, 0, sizeof(*event));
    strcpy(event->id, r->id);
    strcpy(event->data, r->data);
    event->octets = r->octets;
    return event;
}

/* With -s: counts it, and looks whether it is the one after the last. */
static void check(struct reader *r, uint64_t now)
{
    char *rest;
    unsigned long sender = strtoul(r->data + (r->data[0] == '"'), &rest, 10); /* as JSON, or as it is */
    uint64_t number = strtoull(rest, NULL, 10);

    last_ns = now;
    ++r->got;
    r->hash = (r->hash ^ (number << 4 | sender)) * 0x100000001b3;
    if (sender >= SENDERS || number != r->numbers[sender] + 1)
        ++wrong;
    if (sender < SENDERS)
        r->numbers[sender] = number;
}

static void dispatch(struct reader *r, uint64_t now)
{
    struct event *event;

    ++events_seen;
    if (sequenced) {
        check(r, now);
        return;
    }
    event = event_of(r);
    if (event->first_ns == 0 || event->first_ns > r->began_ns)
        event->first_ns = r->began_ns;
    event->last_ns = now;
    if (r->last != NULL)
        --r->last->now;
    r->last = event;
    ++event->now;
    if (++event->count == reading)
        tell_all(event);
}

static void keep(char *to, size_t room, const char *from)
{
    size_t length = strlen(from);

    if (length > room)
        length = room;
    memcpy(to, from, length);
    to[length] = '\0';
}

static void clear(struct line *line)
{
    line->length = 0;
    line->text[0] = '\0';
}

static void add(struct line *line, const char *bytes, size_t length)
{
    if (line->length < LINE_KEPT) {
        size_t room = LINE_KEPT - line->length;
        size_t part = length < room ? length : room;
        memcpy(line->text + line->length, bytes, part);
        line->text[line->length + part] = '\0';
    }
    line->length += length;
}

static void end_sse_line(struct reader *r, uint64_t now)
{
    if (r->sse.length == 0) {
        if (r->has_data)
            dispatch(r, now);
        r->has_data = false;
        r->octets = 0;
        r->began_ns = 0;
    } else if (strncmp(r->sse.text, "data: ", 6) == 0) {
        r->has_data = true;
        r->octets += r->sse.length - 6;
        keep(r->data, LINE_KEPT, r->sse.text + 6);
    } else if (strncmp(r->sse.text, "id: ", 4) == 0) {
        keep(r->id, ID_MAX, r->sse.text + 4);
    }
    clear(&r->sse);
}

static void take_body(struct reader *r, const char *bytes, size_t length, uint64_t now)
{
    while (length != 0) {
        const char *end = memchr(bytes, '\n', length);
        size_t part = end == NULL ? length : (size_t)(end - bytes);
        if (r->began_ns == 0)
            r->began_ns = now;
        add(&r->sse, bytes, part);
        if (end == NULL)
            return;
        end_sse_line(r, now);
        bytes += part + 1;
        length -= part + 1;
    }
}

/* --- HTTP ------------------------------------------------------------------------------------ */

static void end_head_line(struct reader *r, const char *line)
{
    if (strncmp(line, "HTTP/1.", 7) == 0) {
        int status = atoi(line + 9);
        ++answers[status > 0 && status < STATUS_MAX ? status : 0];
    } else if (strcasecmp(line, "transfer-encoding: chunked") == 0) {
        r->chunked = true;
    } else if (line[0] == '\0') {
        r->state = r->chunked ? SIZE : PLAIN;
    }
}

static void end_http_line(struct reader *r)
{
    r->http.text[strcspn(r->http.text, "\r")] = '\0';
    if (r->state == HEAD) {
        end_head_line(r, r->http.text);
    } else if (r->state == BODY_END) {
        r->state = SIZE;
    } else {
        r->chunk_left = strtoull(r->http.text, NULL, 16);
        r->state = r->chunk_left == 0 ? LAST : BODY;
    }
    clear(&r->http);
}

/* Takes some octets; returns how many. */
static size_t take(struct reader *r, const char *bytes, size_t length, uint64_t now)
{
    if (r->state == PLAIN) {
        take_body(r, bytes, length, now);
        return length;
    }
    if (r->state == BODY) {
        size_t part = length < r->chunk_left ? length : (size_t)r->chunk_left;
        take_body(r, bytes, part, now);
        if ((r->chunk_left -= part) == 0)
            r->state = BODY_END;
        return part;
    }
    const char *end = memchr(bytes, '\n', length);
    size_t part = end == NULL ? length : (size_t)(end - bytes);
    add(&r->http, bytes, part);
    if (end == NULL)
        return part;
    end_http_line(r);
    return part + 1;
}

static void finish(struct reader *r, size_t *counter)
{
    --*(r->sleeps ? &sleeping : &reading);
    if (r->last != NULL)
        --r->last->now;
    r->last = NULL;
    r->state = OVER;
    ++*counter;
    close(r->fd);
}

static void on_readable(struct reader *r)
{
    static char piece[PIECE];
    ssize_t got = recv(r->fd, piece, sizeof(piece), 0);
    uint64_t now = now_ns();

    if (got == -1 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        finish(r, r->state == PLAIN && got == 0 ? &ended : &cut);
        return;
    }
    for (size_t at = 0; at < (size_t)got && r->state != LAST;)
        at += take(r, piece + at, (size_t)got - at, now);
    if (r->state == LAST)
        finish(r, &ended);
}

/* --- connecting ------------------------------------------------------------------------------ */

static void watch(struct reader *r, uint32_t what, int how)
{
    struct epoll_event event = {.events = what, .data.ptr = r};

    if (epoll_ctl(loop, how, r->fd, &event) == -1)
        die("epoll_ctl");
}

static void fail(struct reader *r)
{
    if (failed == 0)
        perror("connect");
    finish(r, &failed);
}

static void on_connected(struct reader *r)
{
    int error = 0;
    socklen_t length = sizeof(error);

    if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1 || error != 0 ||
        send(r->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) {
        if (error != 0)
            errno = error;
        fail(r);
        return;
    }
    r->state = r->sleeps ? SLEEPING : HEAD;
    watch(r, r->sleeps ? EPOLLRDHUP : EPOLLIN, EPOLL_CTL_MOD);
}

static void connect_one(struct reader *r, const struct sockaddr_in *to, const char *from)
{
    struct sockaddr_in local = {.sin_family = AF_INET};
    int on = 1;

    if ((r->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) == -1)
        die("socket");
    setsockopt(r->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(r->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
    if (from != NULL && (inet_pton(AF_INET, from, &local.sin_addr) != 1 ||
                         bind(r->fd, (struct sockaddr *)&local, sizeof(local)) == -1))
        die(from);
    ++*(r->sleeps ? &sleeping : &reading);
    r->state = CONNECTING;
    if (connect(r->fd, (const struct sockaddr *)to, sizeof(*to)) == -1 && errno != EINPROGRESS)
        fail(r);
    else
        watch(r, EPOLLOUT, EPOLL_CTL_ADD);
}

static void on_event(struct reader *r, uint32_t what)
{
    if (r->state == OVER)
        return;
    if (r->state == CONNECTING)
        on_connected(r);
    else if (r->state == SLEEPING)
        finish(r, &cut); /* nothing else is watched */
    else if (what != 0)
        on_readable(r);
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Returns whether to go on. */
static bool obey(void)
{
    static char line[64];
    static size_t length;
    ssize_t got = read(STDIN_FILENO, line + length, sizeof(line) - 1 - length);
    char *end;

    if (got <= 0)
        return false;
    line[length += (size_t)got] = '\0';
    while ((end = strchr(line, '\n')) != NULL) {
        *end = '\0';
        if (strcmp(line, "quit") == 0)
            return false;
        if (strcmp(line, "report") == 0)
            report();
        length -= (size_t)(end + 1 - line);
        memmove(line, end + 1, length + 1);
    }
    return true;
}

static void run(void)
{
    struct epoll_event got[256], input = {.events = EPOLLIN, .data.ptr = NULL};
    bool on = true;

    if (epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &input) == -1)
        die("stdin has to be a pipe");
    while (on) {
        int n = epoll_wait(loop, got, 256, -1);
        if (n == -1 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < n; ++i) {
            if (got[i].data.ptr == NULL)
                on = obey();
            else
                on_event(got[i].data.ptr, got[i].events);
        }
    }
}

static struct sockaddr_in address_of(char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    char *colon = strrchr(text, ':');

    if (colon == NULL) {
        fprintf(stderr, "crowd: HOST:PORT wanted\n");
        exit(2);
    }
    *colon = '\0';
    address.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, text, &address.sin_addr) != 1) {
        fprintf(stderr, "crowd: %s is not an IPv4 address\n", text);
        exit(2);
    }
    return address;
}

int main(int argc, char **argv)
{
    static char head[2048];
    struct sockaddr_in to;
    struct rlimit limit;
    size_t wanted;

    if (argc > 1 && strcmp(argv[1], "-s") == 0) {
        sequenced = true;
        ++argv;
        --argc;
    }
    if (argc < 4) {
        fprintf(stderr, "usage: crowd [-s] HOST:PORT PATH READERS [SLEEPERS [FROM...]]\n");
        return 2;
    }
    to = address_of(argv[1]);
    wanted = strtoul(argv[3], NULL, 10);
    count = wanted + (argc > 4 ? strtoul(argv[4], NULL, 10) : 0);
    request = head;
    request_length = (size_t)snprintf(head, sizeof(head),
                                      "GET %s HTTP/1.1\r\n"
                                      "Host: crowd\r\n"
                                      "Accept: text/event-stream\r\n\r\n", argv[2]);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    readers = calloc(count, sizeof(*readers));
    if (readers == NULL || (loop = epoll_create1(EPOLL_CLOEXEC)) == -1)
        die("crowd");
    began_ns = now_ns();
    for (size_t i = 0; i < count; ++i) {
        readers[i].sleeps = i >= wanted;
        connect_one(&readers[i], &to, argc > 5 ? argv[5 + i % (size_t)(argc - 5)] : NULL);
    }
    run();
    return 0;
}
