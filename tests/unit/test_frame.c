/* test_frame.c -- the bytes of one SSE event, held against a strict reference parser. */
#include "promise.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "frame.h"
#include "sse_parser.h"

enum { THREADS = 4, ROUNDS = 20000 };

static _Atomic int released;

static void release(void *owner)
{
    released++;
    free(owner);
}

/* A frame of a copy of `json` that belongs to it. */
static struct frame *document(const char *event, const char *json, size_t length)
{
    char *owner = must_strndup(json, length);
    return frame_document(event, owner, length, release, owner, 0);
}

static struct frame *filled(size_t length, char with)
{
    char *json = must_alloc(length);
    memset(json, with, length);
    return frame_document(NULL, json, length, release, json, 0);
}

static char *gather(const struct frame *f, int (*how)(const struct frame *, struct iovec *),
                    size_t *length)
{
    struct iovec iov[FRAME_MAX_IOV];
    struct buffer b;
    int count = how(f, iov);
    assert_in_range(count, 1, FRAME_MAX_IOV);
    buffer_init(&b, SIZE_MAX - 1);
    for (int i = 0; i < count; i++) {
        assert_true(iov[i].iov_len > 0);
        buffer_append(&b, iov[i].iov_base, iov[i].iov_len);
    }
    return buffer_steal(&b, length);
}

/* The frame's event and its chunk say the same; both are what the reference parser expects, however
 * they are cut. */
static void check(const struct frame *f, const char *type, const char *data)
{
    size_t length, chunk_length, content;
    char *event = gather(f, frame_event, &length), *chunk = gather(f, frame_chunk, &chunk_length);
    assert_int_equal(length, frame_size(f));
    const char *inner = sse_unchunk(chunk, chunk_length, &content);
    assert_non_null(inner);
    assert_int_equal(content, length);
    assert_memory_equal(inner, event, length);
    for (size_t cut = 0; cut < (length < 500 ? length : 1); cut++) {
        struct sse_parser p;
        sse_init(&p);
        for (size_t i = 0; cut == 0 && i < length; i++)
            sse_feed(&p, event + i, 1);
        if (cut > 0) {
            sse_feed(&p, event, cut);
            sse_feed(&p, event + cut, length - cut);
        }
        assert_int_equal(p.count, 1);
        assert_int_equal(p.oddities, 0);
        assert_true(sse_is_idle(&p));
        assert_string_equal(p.events[0].type, type);
        assert_string_equal(p.events[0].id, frame_id(f));
        assert_string_equal(p.events[0].data, data);
        sse_dispose(&p);
    }
    free(event);
    free(chunk);
}

static void check_document(const char *event, const char *json, const char *data)
{
    struct frame *f = document(event, json, strlen(json));
    size_t length;
    const char *same = frame_json(f, &length);
    assert_int_equal(length, strlen(data));
    assert_memory_equal(same, data, length);
    check(f, event != NULL ? event : "message", data);
    frame_unref(f);
}

static void one_event(void **state)
{
    (void)state;
    check_document(NULL, "{\"a\":1}", "{\"a\":1}");
    check_document("data", "{\"a\":1}", "{\"a\":1}");
    check_document("message", "null", "null");
    check_document(NULL, " {} ", " {} "); /* the parser takes exactly one space off */
    check_document(NULL, "\"é€😀\"", "\"é€😀\"");
    check_document(NULL, "\"data: x\\n\\nid: 1\"", "\"data: x\\n\\nid: 1\"");
    check_document(NULL, ":", ":");
    check_document(NULL, "", "");
}

static void line_breaks(void **state)
{
    (void)state;
    check_document(NULL, "{\n\"a\":\r\n1\r}", "{ \"a\":  1 }");
    check_document(NULL, "\n\n{}\n\n", "  {}  ");
    check_document(NULL, "\r", " ");
    /* What ends lines elsewhere. */
    check_document(NULL, "[\"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85\x0b\x0c\"]",
                   "[\"\xe2\x80\xa8\xe2\x80\xa9\xc2\x85\x0b\x0c\"]");
}

static void event_names(void **state)
{
    (void)state;
    struct frame *f = document("a\nid: forged\r\ndata: x", "{}", 2);
    check(f, "a id: forged  data: x", "{}");
    frame_unref(f);
}

static void every_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 2, 100, FRAME_COPY_BELOW - 1, FRAME_COPY_BELOW,
                                     FRAME_COPY_BELOW + 1, 1000000};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (int breaks = 0; breaks < 2; breaks++) {
            char *json = must_alloc(lengths[i] + 1), *data = must_alloc(lengths[i] + 1);
            for (size_t at = 0; at < lengths[i]; at++) {
                json[at] = breaks ? "\n\rxy"[at % 4] : 'x';
                data[at] = breaks ? "  xy"[at % 4] : 'x';
            }
            check_document("e", json, data);
            free(json);
            free(data);
        }
    }
}

static void chunk_sizes(void **state)
{
    (void)state;
    const size_t around = strlen("id: 0123456789012345678901\ndata: \n\n");
    for (size_t size = around + 1; size < 300; size++) { /* 0x30 … 0xff, 0x100 … */
        struct frame *f = filled(size - around, 'x');
        char expected[16];
        size_t length;
        char *chunk = gather(f, frame_chunk, &length);
        assert_int_equal(frame_size(f), size);
        snprintf(expected, sizeof(expected), "%zx\r\n", size);
        assert_memory_equal(chunk, expected, strlen(expected));
        assert_int_equal(length, strlen(expected) + size + 2);
        free(chunk);
        frame_unref(f);
    }
}

static void ownership(void **state)
{
    (void)state;
    released = 0;
    struct frame *f = filled(FRAME_COPY_BELOW - 1, 'x');
    assert_int_equal(released, 1); /* copied: the owner is not needed any more */
    frame_unref(f);
    assert_int_equal(released, 1);

    char *json = must_alloc(FRAME_COPY_BELOW);
    f = frame_document(NULL, json, FRAME_COPY_BELOW, release, json, 0);
    size_t length;
    assert_ptr_equal(frame_json(f, &length), json); /* kept, not copied */
    struct frame *again = frame_ref(f);
    assert_ptr_equal(again, f);
    frame_unref(f);
    assert_int_equal(released, 1);
    frame_unref(again);
    assert_int_equal(released, 2);
    frame_unref(NULL);

    char small[] = "{}", *large = must_alloc(FRAME_COPY_BELOW); /* nobody to tell */
    f = frame_document(NULL, small, 2, NULL, NULL, 0);
    frame_unref(f);
    f = frame_document(NULL, large, FRAME_COPY_BELOW, NULL, NULL, 0);
    frame_unref(f);
    free(large);
    assert_int_equal(released, 2);
}

static void identity(void **state)
{
    (void)state;
    /* printf '%s' '{"a":1}' | openssl sha256 -binary | head -c 16 | basenc --base64url */
    struct frame *a = document("x", "{\"a\":1}", 7), *b = document(NULL, "{\"a\":1}", 7);
    struct frame *c = document(NULL, "{\"a\":2}", 7), *d = document(NULL, "{\n}", 3);
    struct frame *e = document(NULL, "{\r}", 3);
    assert_string_equal(frame_id(a), "AVq9f1zFei3ZS3WQ8ErYCA");
    assert_string_equal(frame_id(a), frame_id(b));
    assert_string_not_equal(frame_id(b), frame_id(c));
    assert_string_equal(frame_id(d), frame_id(e)); /* the same body, the same id */
    assert_int_equal(strlen(frame_id(c)), FRAME_ID_LENGTH);
    struct frame *all[] = {a, b, c, d, e};
    for (int i = 0; i < 5; i++)
        frame_unref(all[i]);
    static char one[20000], other[20000];
    memset(one, 'x', sizeof(one));
    memset(other, 'x', sizeof(other));
    other[1000] = other[19999] = 'y';
    for (size_t length = 1001; length <= sizeof(one); length += sizeof(one) - 1001) {
        a = document(NULL, one, length);
        b = document(NULL, other, length);
        assert_string_not_equal(frame_id(a), frame_id(b));
        frame_unref(a);
        frame_unref(b);
        other[1000] = 'x';
    }
    for (int i = 0; i < 1000; i++) {
        char text[16];
        struct frame *f = document(NULL, text, (size_t)snprintf(text, sizeof(text), "%d", i));
        assert_int_equal(strspn(frame_id(f), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                             "0123456789-_"), FRAME_ID_LENGTH);
        frame_unref(f);
    }
}

static void fixed_text(void **state)
{
    (void)state;
    size_t length, content;
    struct frame *f = frame_text(": database away\n\n");
    char *event = gather(f, frame_event, &length), *chunk = gather(f, frame_chunk, &content);
    assert_string_equal(event, ": database away\n\n");
    assert_string_equal(chunk, "11\r\n: database away\n\n\r\n");
    assert_string_equal(frame_id(f), "");
    assert_null(frame_json(f, &length));
    assert_int_equal(length, 0);
    assert_int_equal(frame_noticed_ns(f), 0);
    assert_int_equal(frame_size(f), 17);
    free(event);
    free(chunk);
    frame_unref(f);
    f = frame_text("event: gone\ndata:\n\n");
    check(f, "gone", "");
    frame_unref(f);
}

static void times(void **state)
{
    (void)state;
    char json[] = "{}";
    struct frame *f = frame_document(NULL, json, 2, NULL, NULL, UINT64_MAX - 1);
    assert_true(frame_noticed_ns(f) == UINT64_MAX - 1);
    frame_unref(f);
}

static void counting(void **state)
{
    (void)state;
    assert_int_equal(frame_bytes_alive(), 0);
    struct frame *a = filled(100, 'x'), *b = filled(FRAME_COPY_BELOW, 'y');
    struct frame *c = frame_text(":\n\n");
    size_t sizes = frame_size(a) + frame_size(b) + frame_size(c);
    assert_int_equal(frame_bytes_alive(), sizes);
    assert_int_equal(frame_bytes_stale(), 0);
    frame_supersede(a);
    frame_supersede(a); /* counted once */
    frame_supersede(b);
    assert_int_equal(frame_bytes_stale(), frame_size(a) + frame_size(b));
    assert_int_equal(frame_bytes_alive(), sizes);
    frame_ref(a);
    frame_unref(a);
    assert_int_equal(frame_bytes_alive(), sizes);
    size_t stale = frame_size(b);
    frame_unref(a);
    assert_int_equal(frame_bytes_stale(), stale);
    frame_unref(b);
    assert_int_equal(frame_bytes_stale(), 0);
    assert_int_equal(frame_bytes_alive(), 3);
    frame_unref(c);
    assert_int_equal(frame_bytes_alive(), 0);
}

/* Takes and drops references of a frame that other threads drop, too, and reads it meanwhile. */
static void condemning(void **state)
{
    (void)state;
    struct frame *f[6];
    for (int i = 0; i < 6; i++)
        f[i] = filled(1000, (char)('a' + i));
    size_t size = frame_size(f[0]);
    static const int order[] = {2, 0, 1, 4};
    for (int i = 0; i < 4; i++)
        frame_supersede(f[order[i]]);
    frame_condemn(4 * size);
    for (int i = 0; i < 6; i++)
        assert_false(frame_is_condemned(f[i]));
    frame_condemn(2 * size + 1);
    frame_condemn(2 * size); /* those whose holders have not let go yet count as gone */
    assert_true(frame_is_condemned(f[2]) && frame_is_condemned(f[0]));
    for (int i = 0; i < 6; i++)
        assert_int_equal(frame_is_condemned(f[i]), i == 2 || i == 0);
    frame_unref(f[0]); /* from the middle, the beginning and the end of those that are stale */
    frame_unref(f[2]);
    frame_unref(f[4]);
    assert_int_equal(frame_bytes_stale(), size);
    frame_condemn(0);
    assert_true(frame_is_condemned(f[1]));
    assert_false(frame_is_condemned(f[3])); /* the newest, nobody is behind with it */
    frame_unref(f[1]);
    frame_supersede(f[3]);
    assert_int_equal(frame_bytes_stale(), size);
    frame_unref(f[3]);
    frame_unref(f[5]);
    assert_int_equal(frame_bytes_stale(), 0);
}

static void *share(void *frame)
{
    struct frame *f = frame;
    for (int i = 0; i < ROUNDS; i++) {
        struct iovec iov[FRAME_MAX_IOV];
        frame_ref(f);
        int count = frame_chunk(f, iov);
        if (((const char *)iov[count - 1].iov_base)[iov[count - 1].iov_len - 1] != '\n')
            abort(); /* cmocka does not fail in other threads */
        if (i % 1000 == 0)
            frame_supersede(f);
        frame_unref(f);
    }
    frame_unref(f); /* the reference that came with the thread */
    return NULL;
}

static void many_threads(void **state)
{
    (void)state;
    static const size_t lengths[] = {10, FRAME_COPY_BELOW};
    released = 0;
    for (int round = 0; round < 20; round++) {
        pthread_t threads[THREADS];
        struct frame *f = filled(lengths[round % 2], 'z');
        for (int i = 0; i < THREADS; i++)
            pthread_create(&threads[i], NULL, share, frame_ref(f));
        frame_unref(f);
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        assert_int_equal(released, round + 1);
        assert_int_equal(frame_bytes_alive(), 0);
        assert_int_equal(frame_bytes_stale(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("frame: a document is one event, cut wherever it may be", one_event),
        PROMISE("frame: CR and LF become spaces, other ends of lines stay", line_breaks),
        PROMISE("frame: an event's name cannot begin a line of its own", event_names),
        PROMISE("frame: copied or kept, the bytes are the same", every_length),
        PROMISE("frame: a chunk says its size in hex", chunk_sizes),
        PROMISE("frame: the owner is told once, when the document is not needed", ownership),
        PROMISE("frame: the id is 128 bits of SHA-256 of the body, and nothing else", identity),
        PROMISE("frame: a text is sent as it is and has no id", fixed_text),
        PROMISE("frame: the time of its change goes with it", times),
        PROMISE("frame: octets alive and stale are counted exactly", counting),
        PROMISE("frame: over the budget the oldest are condemned, no more than it takes", condemning),
        PROMISE("frame: any thread may share it, the last one frees it once", many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
