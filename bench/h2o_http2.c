/* h2o_http2.c -- a broadcast through libh2o's own HTTP/2 engine; for the bench only.
 *
 *     h2o_http2 PORT OCTETS RATE
 *
 * Serves an event stream under every path, over h2c by prior knowledge, and sends RATE events of OCTETS
 * a second to all of them, each event made once. It is the least that libh2o can do: no database, no
 * timers, no metrics. The engine is the one that pgcrier keeps out of reach (src/http2.h says why).
 */
#include <h2o.h>
#include <h2o/http2.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct reader {
    h2o_generator_t generator;
    h2o_linklist_t link;
    h2o_req_t *req;
    int busy;
};

static h2o_globalconf_t config;
static h2o_context_t context;
static h2o_accept_ctx_t accept_ctx;
static h2o_linklist_t readers;
static h2o_iovec_t event;

static void on_proceed(h2o_generator_t *self, h2o_req_t *req)
{
    (void)req;
    ((struct reader *)self)->busy = 0;
}

static void on_dispose(void *arg)
{
    h2o_linklist_unlink(&((struct reader *)arg)->link);
}

static int on_req(h2o_handler_t *self, h2o_req_t *req)
{
    struct reader *reader = h2o_mem_alloc_shared(&req->pool, sizeof(*reader), on_dispose);
    h2o_iovec_t first = {H2O_STRLIT(":\n\n")};

    (void)self;
    memset(reader, 0, sizeof(*reader));
    reader->generator.proceed = on_proceed;
    reader->req = req;
    reader->busy = 1;
    h2o_linklist_insert(&readers, &reader->link);
    req->res.status = 200;
    h2o_add_header(&req->pool, &req->res.headers, H2O_TOKEN_CONTENT_TYPE, NULL, H2O_STRLIT("text/event-stream"));
    h2o_start_response(req, &reader->generator);
    h2o_send(req, &first, 1, H2O_SEND_STATE_IN_PROGRESS);
    return 0;
}

static void on_time(h2o_socket_t *socket, const char *err)
{
    uint64_t expirations;

    (void)err;
    if (read(h2o_socket_get_fd(socket), &expirations, sizeof(expirations)) != sizeof(expirations))
        return;
    for (h2o_linklist_t *at = readers.next; at != &readers; at = at->next) {
        struct reader *reader = H2O_STRUCT_FROM_MEMBER(struct reader, link, at);
        if (reader->busy)
            continue;
        reader->busy = 1;
        h2o_send(reader->req, &event, 1, H2O_SEND_STATE_IN_PROGRESS);
    }
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    h2o_socket_t *socket;

    if (err == NULL && (socket = h2o_evloop_socket_accept(listener)) != NULL)
        h2o_accept(&accept_ctx, socket);
}

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 4096) != 0) {
        perror("listen");
        exit(2);
    }
    return fd;
}

static void make_event(size_t octets)
{
    static const char head[] = "data: ";

    event = h2o_iovec_init(h2o_mem_alloc(octets), octets);
    memset(event.base, 'x', octets);
    memcpy(event.base, head, sizeof(head) - 1);
    memcpy(event.base + octets - 2, "\n\n", 2);
}

int main(int argc, char **argv)
{
    h2o_hostconf_t *host;
    struct itimerspec every = {{0, 0}, {0, 0}};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);

    if (argc != 4) {
        fprintf(stderr, "usage: h2o_http2 PORT OCTETS RATE\n");
        return 2;
    }
    make_event((size_t)atoi(argv[2]));
    h2o_linklist_init_anchor(&readers);
    h2o_config_init(&config);
    host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(h2o_handler_t))->on_req = on_req;
    h2o_context_init(&context, h2o_evloop_create(), &config);
    accept_ctx.ctx = &context;
    accept_ctx.hosts = config.hosts;
    h2o_socket_read_start(h2o_evloop_socket_create(context.loop, listen_on(atoi(argv[1])), H2O_SOCKET_FLAG_DONT_READ),
                          on_accept);
    every.it_interval.tv_nsec = every.it_value.tv_nsec = 1000000000L / atoi(argv[3]);
    timerfd_settime(timer, 0, &every, NULL);
    h2o_socket_read_start(h2o_evloop_socket_create(context.loop, timer, H2O_SOCKET_FLAG_DONT_READ), on_time);
    for (;;)
        h2o_evloop_run(context.loop, INT32_MAX);
}
