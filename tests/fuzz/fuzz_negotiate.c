/* fuzz_negotiate.c -- nothing that follows a first element can change what it decides. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include "buffer.h"
#include "negotiate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool with(const char *first, const char *header, size_t length,
                 bool (*ask)(const char *header, size_t length))
{
    struct buffer b;
    buffer_init(&b, SIZE_MAX - 1);
    buffer_puts(&b, first);
    buffer_append(&b, header, length);
    bool answer = ask(b.bytes, b.length);
    buffer_dispose(&b);
    return answer;
}

static bool none_match(const char *header, size_t length)
{
    return negotiate_none_match(header, length, "tag");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *header = (const char *)data;
    negotiate_stream(header, size);
    assert(with("text/event-stream,", header, size, negotiate_stream));
    assert(!with("application/json,", header, size, negotiate_stream));
    assert(with("W/\"tag\",", header, size, none_match));
    if (none_match(header, size))
        assert(with("\"x\",", header, size, none_match) || memchr(header, '*', size) != NULL);
    if (negotiate_is_event_id(header, size))
        assert(size <= 64 && !negotiate_stream(header, size) && !none_match(header, size));
    return 0;
}
