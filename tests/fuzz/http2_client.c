/* http2_client.c -- fuzz_http2: what the client knows.
 *
 * It follows both directions, each frame by frame, and asserts of what the server sends: frames of
 * kinds and sizes that it may send; on each stream HEADERS, then DATA, then nothing more; and never
 * more DATA than the client's windows allow. Of windows the client knows an upper bound: everything
 * that it ever granted.
 */
#include <assert.h>
#include <string.h>
#include "http2.h"
#include "http2_parts.h"

enum { STREAMS = 128 /* those with smaller numbers are followed */, PAYLOAD = HTTP2_FRAME };

/* One direction. */
struct flow {
    uint8_t head[HTTP2_FRAME_HEADER];
    size_t have;                 /* octets of the head */
    size_t left;                 /* octets of the payload that are still to come */
    uint8_t payload[64];         /* as much of it as anybody looks at */
    size_t payload_length;
    size_t preface;              /* octets of it that are still to come */
};

struct stream {
    bool headed, over;
    int64_t granted, received;
};

static struct flow sent, got;
static struct stream streams[STREAMS];
static int64_t granted, received, initial; /* `initial`: the largest window of a new stream so far */
static uint32_t block_of;                  /* the stream whose header block goes on; 0: none */

void fuzz_client_begin(void)
{
    memset(&sent, 0, sizeof(sent));
    memset(&got, 0, sizeof(got));
    memset(streams, 0, sizeof(streams));
    sent.preface = NGHTTP2_CLIENT_MAGIC_LEN;
    granted = initial = NGHTTP2_INITIAL_WINDOW_SIZE;
    received = 0;
    block_of = 0;
}

/* --- frames ------------------------------------------------------------------------------------------ */

static uint32_t number(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static size_t length_of(const struct flow *flow)
{
    return (size_t)flow->head[0] << 16 | (size_t)flow->head[1] << 8 | flow->head[2];
}

static uint32_t id_of(const struct flow *flow)
{
    return number(flow->head + 5) & INT32_MAX;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Takes octets up to the end of the frame at hand. Returns how many; `*whole` says whether it ended. */
static size_t follow(struct flow *flow, const uint8_t *octets, size_t length, bool *whole)
{
    size_t n = 0, kept;

    *whole = false;
    if (flow->have < HTTP2_FRAME_HEADER) {
        n = least(HTTP2_FRAME_HEADER - flow->have, length);
        memcpy(flow->head + flow->have, octets, n);
        flow->have += n;
        if (flow->have < HTTP2_FRAME_HEADER)
            return n;
        flow->left = length_of(flow);
        flow->payload_length = 0;
    }
    length = least(length - n, flow->left);
    kept = least(length, sizeof(flow->payload) - flow->payload_length);
    memcpy(flow->payload + flow->payload_length, octets + n, kept);
    flow->payload_length += kept;
    flow->left -= length;
    if ((*whole = flow->left == 0))
        flow->have = 0;
    return n + length;
}

/* --- what the client has sent ------------------------------------------------------------------------ */

static void grant(const struct flow *flow)
{
    uint32_t id = id_of(flow), by = number(flow->payload) & INT32_MAX;

    if (id == 0)
        granted += by;
    else if (id < STREAMS)
        streams[id].granted += by;
}

static void grant_initial(const struct flow *flow)
{
    for (size_t i = 0; i + 6 <= flow->payload_length; i += 6) {
        uint32_t value = number(flow->payload + i + 2);
        if (flow->payload[i] == 0 && flow->payload[i + 1] == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE &&
            value > initial)
            initial = value;
    }
    if (length_of(flow) > sizeof(flow->payload))
        initial = INT32_MAX; /* nobody has looked at the rest */
}

void fuzz_client_sent(const uint8_t *octets, size_t length)
{
    size_t n = least(sent.preface, length);
    bool whole;

    sent.preface -= n;
    for (octets += n, length -= n; length != 0; octets += n, length -= n) {
        n = follow(&sent, octets, length, &whole);
        if (whole && sent.head[3] == NGHTTP2_WINDOW_UPDATE && sent.payload_length == 4)
            grant(&sent);
        else if (whole && sent.head[3] == NGHTTP2_SETTINGS)
            grant_initial(&sent);
    }
}

/* --- what it gets ------------------------------------------------------------------------------------ */

static void got_data(uint32_t id, size_t length, bool last)
{
    received += (int64_t)length;
    assert(received <= granted);
    if (id >= STREAMS)
        return;
    assert(streams[id].headed && !streams[id].over);
    streams[id].received += (int64_t)length;
    assert(length == 0 || streams[id].received <= initial + streams[id].granted);
    streams[id].over = last;
}

static void got_headers(uint32_t id, unsigned flags)
{
    if ((flags & NGHTTP2_FLAG_END_HEADERS) == 0)
        block_of = id;
    if (id >= STREAMS)
        return;
    assert(!streams[id].over);
    streams[id].headed = true;
    streams[id].over = (flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

static void got_frame(const struct flow *flow)
{
    uint32_t id = id_of(flow);
    unsigned type = flow->head[3], flags = flow->head[4];

    assert(length_of(flow) <= PAYLOAD);
    assert(block_of == 0 || (type == NGHTTP2_CONTINUATION && id == block_of));
    if (type == NGHTTP2_CONTINUATION) {
        assert(block_of != 0);
        block_of = (flags & NGHTTP2_FLAG_END_HEADERS) != 0 ? 0 : id;
        return;
    }
    if (type == NGHTTP2_SETTINGS || type == NGHTTP2_PING || type == NGHTTP2_GOAWAY)
        assert(id == 0);
    else
        assert(type == NGHTTP2_WINDOW_UPDATE || (id % 2 == 1 && type <= NGHTTP2_RST_STREAM && type != NGHTTP2_PRIORITY));
    if (type == NGHTTP2_DATA)
        got_data(id, length_of(flow), (flags & NGHTTP2_FLAG_END_STREAM) != 0);
    else if (type == NGHTTP2_HEADERS)
        got_headers(id, flags);
    else if (type == NGHTTP2_RST_STREAM)
        assert(length_of(flow) == 4 && number(flow->payload) <= NGHTTP2_HTTP_1_1_REQUIRED);
    if (type == NGHTTP2_RST_STREAM && id < STREAMS)
        streams[id].over = true;
}

void fuzz_client_got(const uint8_t *octets, size_t length)
{
    size_t n;
    bool whole;

    for (; length != 0; octets += n, length -= n) {
        n = follow(&got, octets, length, &whole);
        if (whole)
            got_frame(&got);
    }
}

/* --- requests ---------------------------------------------------------------------------------------- */

static size_t put_string(uint8_t *block, const char *text)
{
    size_t length = strlen(text);

    assert(length < 127);
    block[0] = (uint8_t)length; /* RFC 7541, 5.2 */
    memcpy(block + 1, text, length);
    return 1 + length;
}

/* A literal that is not indexed. */
static size_t put_field(uint8_t *block, const char *name, const char *value)
{
    size_t n = 1;

    block[0] = 0;
    n += put_string(block + n, name);
    return n + put_string(block + n, value);
}

size_t fuzz_client_request(unsigned what, unsigned with, uint8_t *block)
{
    static const char *const methods[] = {"GET", "POST", "HEAD", "OPTIONS"};
    static const char *const paths[] = {"/", "/d", "/e", "/v", "/x", "/w", "/z", "/h", "/v1", "/v12", "/m", "/n",
                                        "/v123", "/..//%2e%00", "/e?a=b", "*"};
    static const char *const more[][2] = {
        {"content-length", "40000"}, {"content-length", "5"}, {"expect", "100-continue"}, {"cookie", "a=b"},
        {"origin", "https://a.example"}, {"x-forwarded-for", "1.2.3.4, 10.1.1.1"},
        {"forwarded", "for=\"[::1]:80\";by=x, for=10.0.0.1"}, {"sec-fetch-site", "cross-site"},
    };
    size_t n = 0;

    n += put_field(block + n, ":method", methods[what >> 4 & 3]);
    n += put_field(block + n, ":scheme", "https");
    n += put_field(block + n, ":path", paths[what & 15]);
    if ((what & 64) == 0)
        n += put_field(block + n, ":authority", "a.example");
    for (unsigned i = 0; i < sizeof(more) / sizeof(*more); ++i) {
        if ((with >> i & 1) != 0)
            n += put_field(block + n, more[i][0], more[i][1]);
    }
    return n;
}
