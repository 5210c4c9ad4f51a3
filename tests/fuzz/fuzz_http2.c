/* fuzz_http2.c -- whatever a client of HTTP/2 does, the connection ends with nothing left over, and
 * what it was sent were frames in an order and of an amount that RFC 9113 allows.
 *
 * The connection is the relay's own, on a real loop: one end of a pair of sockets is given to
 * http2_accept(), the other one is the client's. Time is told by us. Behind it stand the handler that
 * looks at each request first (front.c) and one that answers in all the ways that handlers have.
 *
 * The input is a script, so that a mutation of it is still a client rather than noise: an octet says
 * what comes (its low half) and how (its high half), others give numbers and octets. Frames gather
 * until a step delivers them, wherever that cuts them; raw octets are a step, too. The first octet
 * chooses the circumstances. What the client reads is checked by http2_client.c.
 */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bodies.h"
#include "client.h"
#include "door.h"
#include "http2.h"
#include "http2_parts.h"
#include "log.h"
#include "metrics.h"
#include "options.h"
#include "worker.h"

enum {
    SCRIPT_STEPS = 400,
    GATHERED = 1 << 16,  /* octets at which frames are delivered without being asked to */
    PATIENCE_S = 120,    /* after that much time no connection is left */
};

/* The first octet. */
enum { SMALL_BUFFERS = 1, READS_ALL = 2, NO_PREFACE = 4, OCTET_BY_OCTET = 8, DRAINS_FIRST = 16 };

static struct worker worker; /* only its loop, context, options and http2 are more than zeros */
static struct options options;
static h2o_globalconf_t config;
static h2o_hostconf_t *hosts[2];
static struct visitor visitor;
static uint64_t now_ns;

static struct {
    const uint8_t *at, *end; /* of the script */
    unsigned circumstances;
    int fd;                  /* -1 when the client has closed it */
    struct buffer out;       /* frames that gather */
    size_t last;             /* where the last frame in `out` begins */
    uint32_t next_id;
} client;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* --- the server ------------------------------------------------------------------------------------ */

static uint64_t clock_ns(void)
{
    return now_ns;
}

static void set_options(void)
{
    static char *argv[] = {
        "fuzz", "--listen", "unix:/fuzz", "--max-head", "4KiB", "--max-body", "64KiB", "--body-budget", "160KiB",
        "--max-connection-streams", "8", "--allow-origin", "https://a.example", "--allow-origin", "*",
        "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "unix", NULL,
    };
    int status;

    log_set_level((enum log_level)-1);
    if (options_parse(&options, sizeof(argv) / sizeof(*argv) - 1, argv, &status) != 0)
        abort();
    clients_init(&options);
    bodies_init(options.body_budget);
}

static void set_up(void)
{
    signal(SIGPIPE, SIG_IGN); /* as main() does */
    metrics_register_thread();
    set_options();
    h2o_config_init(&config);
    config.server_name = h2o_iovec_init(H2O_STRLIT("fuzz"));
    hosts[0] = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    fuzz_application_register(h2o_config_register_path(hosts[0], "/", 0));
    loop_init(&worker.loop);
    worker.loop.timers.clock_ns = clock_ns;
    worker.loop.timers.on_next_changed = NULL; /* turn() looks */
    worker.options = &options;
    h2o_context_init(&worker.context, worker.loop.evloop, &config);
    http2_init(&worker.http2, &worker.loop, &worker.context, &options);
}

static void turn(void)
{
    for (int i = 0; i < 2; ++i) { /* a write's callback runs in the next turn */
        h2o_evloop_run(worker.loop.evloop, 0);
        now_ns += 1000;
        timers_run(&worker.loop.timers);
    }
}

static void connect_client(void)
{
    int fds[2], size = 4096;
    h2o_socket_t *socket;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
        abort();
    if ((client.circumstances & SMALL_BUFFERS) != 0)
        setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    socket = h2o_evloop_socket_create(worker.loop.evloop, fds[1], 0);
    socket->on_close.data = &visitor;
    client.fd = fds[0];
    http2_accept(&worker.http2, hosts, socket, (struct timeval){1, 0});
}

/* --- the client's socket --------------------------------------------------------------------------- */

static void hang_up(void)
{
    if (client.fd != -1)
        close(client.fd);
    client.fd = -1;
}

/* Returns whether there was something. */
static bool read_some(size_t most)
{
    uint8_t octets[16384];
    ssize_t n;

    if (client.fd == -1)
        return false;
    n = recv(client.fd, octets, most < sizeof(octets) ? most : sizeof(octets), 0);
    if (n > 0)
        fuzz_client_got(octets, (size_t)n);
    return n > 0;
}

static void read_all(void)
{
    while (read_some(SIZE_MAX))
        turn();
}

/* What is not taken although everything is read is for nobody: the connection is over. */
static void write_some(const uint8_t *octets, size_t length)
{
    for (int tries = 0; length != 0 && tries < 3 && client.fd != -1;) {
        ssize_t n = send(client.fd, octets, length, MSG_NOSIGNAL);
        if (n > 0) {
            octets += n;
            length -= (size_t)n;
        } else if (errno != EAGAIN) {
            return;
        } else {
            ++tries;
            turn();
            read_all();
        }
    }
}

/* Sends what has gathered, but for the last `held_back` octets, and lets the server have its turn. */
static void deliver(size_t held_back)
{
    size_t length = client.out.length, step;

    if (held_back >= length)
        return;
    length -= held_back;
    step = (client.circumstances & OCTET_BY_OCTET) != 0 && length < 512 ? 1 : length;
    for (size_t i = 0; i < length; i += step) {
        fuzz_client_sent((uint8_t *)client.out.bytes + i, step);
        write_some((uint8_t *)client.out.bytes + i, step);
        turn();
        if ((client.circumstances & READS_ALL) != 0)
            read_all();
    }
    memmove(client.out.bytes, client.out.bytes + length, held_back);
    client.out.length = client.last = held_back;
}

/* --- the script ------------------------------------------------------------------------------------ */

static unsigned take(void)
{
    return client.at < client.end ? *client.at++ : 0;
}

static const uint8_t *take_octets(size_t *length)
{
    const uint8_t *at = client.at;

    if (*length > (size_t)(client.end - at))
        *length = (size_t)(client.end - at);
    client.at += *length;
    return at;
}

static uint32_t take_number(unsigned octets)
{
    uint32_t number = 0;

    while (octets-- != 0)
        number = number << 8 | take();
    return number;
}

/* A stream that was opened, mostly; the connection; any. */
static uint32_t take_id(void)
{
    unsigned which = take();

    if (which < 32)
        return which == 0 ? (client.next_id < 2 ? 1 : client.next_id - 2) : 2 * which - 1;
    return which == 32 ? 0 : which < 64 ? take_number(4) : which - 63;
}

static void put_frame(size_t length, unsigned type, unsigned flags, uint32_t id, const void *payload, size_t octets)
{
    uint8_t head[HTTP2_FRAME_HEADER] = {
        (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length, (uint8_t)type, (uint8_t)flags,
        (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id,
    };

    client.last = client.out.length;
    buffer_append(&client.out, head, sizeof(head));
    buffer_append(&client.out, payload, octets);
    if (client.out.length > GATHERED)
        deliver(0);
}

static void write_number(uint8_t *at, uint32_t number)
{
    for (int i = 0; i < 4; ++i)
        at[i] = (uint8_t)(number >> 8 * (3 - i));
}

/* WINDOW_UPDATE, RST_STREAM: a stream and a number of so many octets, or this one. */
static void step_number(unsigned type, unsigned octets, uint32_t number)
{
    uint32_t id = take_id();
    uint8_t payload[4];

    write_number(payload, octets != 0 ? take_number(octets) : number);
    put_frame(sizeof(payload), type, 0, id, payload, sizeof(payload));
}

/* A request of the tables in http2_client.c, or fields as they come; in one frame or two. */
static void step_request(unsigned how)
{
    uint8_t block[8192];
    size_t own = (how & 8) != 0 ? take() : 0;
    unsigned what = take(), with = take();
    const uint8_t *fields = take_octets(&own);
    unsigned end_stream = (how & 1) == 0 ? 1 : 0, cut = (how & 4) != 0 ? take() : 0;
    uint32_t id = (how & 2) != 0 ? take_id() : client.next_id;
    size_t length = fuzz_client_request(what, with, block);

    if ((how & 2) == 0)
        client.next_id += 2;
    memcpy(block + length, fields, own);
    length += own;
    if (cut == 0 || cut >= length) {
        put_frame(length, NGHTTP2_HEADERS, 4 | end_stream, id, block, length);
    } else {
        put_frame(cut, NGHTTP2_HEADERS, end_stream, id, block, cut);
        put_frame(length - cut, NGHTTP2_CONTINUATION, 4, id, block + cut, length - cut);
    }
}

static void step_data(unsigned how)
{
    static const uint8_t zeros[16384];
    size_t length = (how & 4) != 0 ? take_number(2) % (sizeof(zeros) + 1) : take();

    put_frame(length, NGHTTP2_DATA, how & 1, take_id(), zeros, length);
}

static void step_settings(unsigned how)
{
    uint8_t payload[6] = {0, (uint8_t)((how & 1) != 0 ? take() : NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE)};

    write_number(payload + 2, take_number((how & 2) != 0 ? 4 : 2));
    put_frame(sizeof(payload), NGHTTP2_SETTINGS, 0, 0, payload, (how & 4) != 0 ? 0 : sizeof(payload));
}

/* Any frame; its length may lie. */
static void step_frame(unsigned how)
{
    unsigned type = take() % 12, flags = take();
    uint32_t id = take_id();
    size_t length = take(), said = (how & 1) != 0 ? take_number(3) : length;
    const uint8_t *payload = take_octets(&length);

    put_frame((how & 1) != 0 ? said : length, type, flags, id, payload, length);
}

static void step_raw(void)
{
    size_t length = take_number(2);
    const uint8_t *octets = take_octets(&length);

    client.last = client.out.length;
    buffer_append(&client.out, octets, length);
}

/* The last frame, many times over. */
static void step_again(void)
{
    uint8_t frame[2048];
    size_t length = client.out.length - client.last;

    if (length == 0 || length > sizeof(frame))
        return;
    memcpy(frame, client.out.bytes + client.last, length);
    for (unsigned n = take() << (length < 32 ? 4 : 0); n != 0; --n) {
        buffer_append(&client.out, frame, length);
        if (client.out.length > GATHERED)
            deliver(0);
    }
}

static void step(unsigned what, unsigned how)
{
    static const uint64_t pauses_ms[] = {1, 100, 1100, 3000, 12000, 31000};

    switch (what) {
    case 0: case 1: step_request(how); break;
    case 2: step_data(how); break;
    case 3: step_number(NGHTTP2_WINDOW_UPDATE, how % 5, 0); break;
    case 4: step_settings(how); break;
    case 5: step_number(NGHTTP2_RST_STREAM, (how & 1) != 0 ? 4 : 0, how); break;
    case 6: step_frame(how); break;
    case 7: step_raw(); break;
    case 8: step_again(); break;
    case 9: deliver((how & 1) != 0 ? take() : 0); break;
    case 10: now_ns += pauses_ms[how % 6] * NS_PER_MS; turn(); break;
    case 11: (how & 1) != 0 ? (void)read_some(take_number(2) + 1) : read_all(); break;
    case 12: fuzz_application_event(take(), how); turn(); break;
    case 13: fuzz_application_answer(how); turn(); break;
    case 14: if (how < 2) http2_drain(&worker.http2); turn(); break;
    default:
        if (how == 0)
            hang_up();
        else if (how == 1)
            shutdown(client.fd, SHUT_WR);
        turn();
    }
}

static void play(void)
{
    if ((client.circumstances & DRAINS_FIRST) != 0)
        http2_drain(&worker.http2);
    connect_client();
    if ((client.circumstances & NO_PREFACE) == 0) {
        buffer_append(&client.out, NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN);
        put_frame(0, NGHTTP2_SETTINGS, 0, 0, NULL, 0);
    }
    for (int i = 0; i < SCRIPT_STEPS && client.at < client.end; ++i) {
        unsigned octet = take();
        step(octet & 15, octet >> 4);
    }
    deliver(0);
    read_all();
}

/* A client that is gone is known to be so; nobody waits for what it owed, and nothing is kept. */
static void finish(void)
{
    hang_up();
    fuzz_application_finish();
    for (int i = 0; worker.http2.count != 0 || i == 0; ++i) {
        assert(i < PATIENCE_S);
        now_ns += NS_PER_S;
        turn();
    }
    turn();
    assert(fuzz_application_is_idle());
    assert(bodies_held() == 0);
    assert(h2o_linklist_is_empty(&worker.http2.dirty) && h2o_linklist_is_empty(&worker.http2.retired));
    worker.http2.draining = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (now_ns == 0)
        set_up();
    now_ns += NS_PER_S;
    client.at = data;
    client.end = data + size;
    client.circumstances = take();
    client.next_id = 1;
    client.last = 0;
    buffer_init(&client.out, 1 << 20);
    fuzz_client_begin();
    play();
    finish();
    buffer_dispose(&client.out);
    return 0;
}
