/* fuzz_frame.c -- whatever the document, its frame is one event, whose data is the JSON body. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include "frame.h"
#include "sse_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sse_parser p;
    struct iovec iov[FRAME_MAX_IOV];
    size_t times = size > 0 && data[0] % 8 == 0 ? FRAME_COPY_BELOW / size + 1 : 1; /* to be kept */
    struct buffer json;
    buffer_init(&json, SIZE_MAX - 1);
    for (size_t i = 0; i < times; i++)
        buffer_append(&json, data, size);
    struct frame *f = frame_document("e", json.bytes, json.length, NULL, NULL, 0);
    size_t length, sum = 0;
    const char *body = frame_json(f, &length);
    assert(length == json.length);
    assert(memchr(body, '\n', length) == NULL && memchr(body, '\r', length) == NULL);
    sse_init(&p);
    for (int i = 0, count = frame_event(f, iov); i < count; sum += iov[i++].iov_len)
        sse_feed(&p, iov[i].iov_base, iov[i].iov_len);
    assert(sum == frame_size(f) && p.count == 1 && p.oddities == 0 && sse_is_idle(&p));
    assert(p.events[0].length == length && memcmp(p.events[0].data, body, length) == 0);
    assert(strcmp(p.events[0].type, "e") == 0 && strcmp(p.events[0].id, frame_id(f)) == 0);
    sse_dispose(&p);
    frame_unref(f);
    assert(frame_bytes_alive() == 0 && frame_bytes_stale() == 0);
    buffer_dispose(&json);
    return 0;
}
