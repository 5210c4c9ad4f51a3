/* frame.c -- the immutable bytes of one SSE event, encoded once, shared by all who get it.
 *
 * A frame is one allocation: the struct and, behind it, the bytes, which always lie in the order of
 * a chunk (RFC 9112, section 7.1), so that the event is a part of them:
 *
 *     1f\r\n  event: data\n id: …\n data:   { … }   \n\n  \r\n
 *     prefix  head                          json
 *             ^------------ the event -------------^
 *
 * A large document stays where PostgreSQL's answer put it; then the bytes end with the head, and
 * what follows the document is a constant.
 *
 * Nothing but the counts, and whether it is out of date, changes after a frame is made. References
 * are counted as everywhere: one may be taken by whoever holds one (relaxed), the last one to go must
 * see what all others did (release, then acquire).
 */
#include "frame.h"

#include <assert.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"

enum {
    PREFIX_MAX = 2 * sizeof(size_t) + 2, /* a chunk's size in hex, CR, LF */
    EVENT_END = 2,                       /* LF LF */
    CHUNK_END = 4,                       /* LF LF CR LF */
};

static const char tail[] = "\n\n\r\n";

struct frame {
    _Atomic size_t references;
    bool superseded;              /* once true, it is in the list */
    _Atomic bool condemned;
    struct frame *before, *after; /* in the list */
    char id[FRAME_ID_LENGTH + 1]; /* "" but for a document */
    uint64_t noticed_ns;
    size_t events;
    bool kept;        /* the document was not copied: json is the owner's */
    const char *json; /* within `bytes`, or the owner's; NULL for a frame of text */
    size_t json_length;
    void (*release)(void *owner); /* NULL unless kept */
    void *owner;
    size_t prefix; /* octets before the event */
    size_t size;   /* octets of the event */
    size_t stored; /* octets of `bytes` */
    char bytes[];
};

static _Atomic size_t bytes_alive, bytes_stale;

/* The superseded frames that somebody still holds, in the order in which they were superseded. */
static pthread_mutex_t stale_lock = PTHREAD_MUTEX_INITIALIZER;
static struct frame *stale_first, *stale_last;

/* CR and LF can stand only between tokens of valid JSON, where a space means the same. */
static void join_lines(char *json, size_t length)
{
    char *end = json + length;
    for (char *p = json; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        *p = ' ';
    for (char *p = json; (p = memchr(p, '\r', (size_t)(end - p))) != NULL; p++)
        *p = ' ';
}

/* 128 bits of SHA-256 in base64url: five groups of three octets, and one octet alone. */
static void identify(char id[FRAME_ID_LENGTH + 1], const char *json, size_t length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char hash[EVP_MAX_MD_SIZE];
    if (EVP_Digest(json, length, hash, NULL, EVP_sha256(), NULL) != 1) {
        fputs("pgcrier: error: libcrypto offers no SHA-256\n", stderr);
        abort();
    }
    hash[16] = hash[17] = 0;
    for (int i = 0, at = 0; at < FRAME_ID_LENGTH; i += 3) {
        unsigned group = (unsigned)hash[i] << 16 | (unsigned)hash[i + 1] << 8 | hash[i + 2];
        for (int shift = 18; shift >= 0 && at < FRAME_ID_LENGTH; shift -= 6)
            id[at++] = digits[group >> shift & 63];
    }
    id[FRAME_ID_LENGTH] = '\0';
}

/* A frame for an event of head + json + LF LF, with the prefix and the head in place. */
static struct frame *make(const char *head, size_t head_length, size_t json_length, bool copy)
{
    char prefix[PREFIX_MAX + 1];
    size_t size = head_length + json_length + EVENT_END;
    size_t prefix_length = (size_t)snprintf(prefix, sizeof(prefix), "%zx\r\n", size);
    size_t stored = prefix_length + head_length + (copy ? json_length + CHUNK_END : 0);
    struct frame *f = must_alloc(sizeof(*f) + stored);
    f->references = 1;
    f->prefix = prefix_length;
    f->size = size;
    f->stored = stored;
    memcpy(f->bytes, prefix, prefix_length);
    memcpy(f->bytes + prefix_length, head, head_length);
    atomic_fetch_add_explicit(&bytes_alive, size, memory_order_relaxed);
    return f;
}

static void copy_json(struct frame *f, const char *json, size_t length)
{
    char *at = f->bytes + f->stored - CHUNK_END - length;
    memcpy(at, json, length);
    memcpy(at + length, tail, CHUNK_END);
    f->json = at;
}

struct frame *frame_document(const char *event, char *json, size_t length,
                             void (*release)(void *owner), void *owner, uint64_t noticed_ns)
{
    char id[FRAME_ID_LENGTH + 1];
    bool copy = length < FRAME_COPY_BELOW;
    join_lines(json, length);
    identify(id, json, length);

    struct buffer head;
    buffer_init(&head, SIZE_MAX - 1);
    if (event != NULL) {
        buffer_printf(&head, "event: %s", event);
        join_lines(head.bytes, head.length); /* a route's name shall not begin lines of its own */
        buffer_puts(&head, "\n");
    }
    buffer_printf(&head, "id: %s\ndata: ", id);
    struct frame *f = make(head.bytes, head.length, length, copy);
    buffer_dispose(&head);

    memcpy(f->id, id, sizeof(id));
    f->noticed_ns = noticed_ns;
    f->events = 1;
    f->json_length = length;
    if (copy) {
        copy_json(f, json, length);
        if (release != NULL)
            release(owner);
    } else {
        f->kept = true;
        f->json = json;
        f->release = release;
        f->owner = owner;
    }
    return f;
}

struct frame *frame_events(const char *sse, size_t length, size_t count, uint64_t noticed_ns)
{
    assert(length >= EVENT_END && memcmp(sse + length - EVENT_END, "\n\n", EVENT_END) == 0);
    struct frame *f = make(sse, length - EVENT_END, 0, true);
    memcpy(f->bytes + f->stored - CHUNK_END, tail, CHUNK_END);
    f->events = count;
    f->noticed_ns = noticed_ns;
    return f;
}

struct frame *frame_text(const char *sse)
{
    return frame_events(sse, strlen(sse), 0, 0);
}

struct frame *frame_ref(struct frame *f)
{
    atomic_fetch_add_explicit(&f->references, 1, memory_order_relaxed);
    return f;
}

static void leave_stale(struct frame *f)
{
    pthread_mutex_lock(&stale_lock);
    *(f->before == NULL ? &stale_first : &f->before->after) = f->after;
    *(f->after == NULL ? &stale_last : &f->after->before) = f->before;
    atomic_fetch_sub_explicit(&bytes_stale, f->size, memory_order_relaxed);
    pthread_mutex_unlock(&stale_lock);
}

static void destroy(struct frame *f)
{
    atomic_fetch_sub_explicit(&bytes_alive, f->size, memory_order_relaxed);
    if (f->superseded)
        leave_stale(f);
    if (f->release != NULL)
        f->release(f->owner);
    free(f);
}

void frame_unref(struct frame *f)
{
    if (f == NULL)
        return;
    if (atomic_fetch_sub_explicit(&f->references, 1, memory_order_acq_rel) == 1)
        destroy(f);
}

const char *frame_id(const struct frame *f)
{
    return f->id;
}

const char *frame_json(const struct frame *f, size_t *length)
{
    *length = f->json_length;
    return f->json;
}

uint64_t frame_noticed_ns(const struct frame *f)
{
    return f->noticed_ns;
}

size_t frame_size(const struct frame *f)
{
    return f->size;
}

size_t frame_event_count(const struct frame *f)
{
    return f->events;
}

/* Fills iov with the bytes from `begin` on, but for the last `less` octets of a chunk. */
static int fill(const struct frame *f, struct iovec *iov, size_t begin, size_t less)
{
    char *at = (char *)f->bytes + begin;
    if (!f->kept) {
        iov[0] = (struct iovec){at, f->stored - begin - less};
        return 1;
    }
    iov[0] = (struct iovec){at, f->stored - begin};
    iov[1] = (struct iovec){(char *)f->json, f->json_length};
    iov[2] = (struct iovec){(char *)tail, CHUNK_END - less};
    return 3;
}

int frame_event(const struct frame *f, struct iovec iov[FRAME_MAX_IOV])
{
    return fill(f, iov, f->prefix, CHUNK_END - EVENT_END);
}

int frame_chunk(const struct frame *f, struct iovec iov[FRAME_MAX_IOV])
{
    return fill(f, iov, 0, 0);
}

size_t frame_bytes_alive(void)
{
    return atomic_load_explicit(&bytes_alive, memory_order_relaxed);
}

size_t frame_bytes_stale(void)
{
    return atomic_load_explicit(&bytes_stale, memory_order_relaxed);
}

void frame_supersede(struct frame *f)
{
    pthread_mutex_lock(&stale_lock);
    if (!f->superseded) {
        f->superseded = true;
        f->before = stale_last;
        *(stale_last == NULL ? &stale_first : &stale_last->after) = f;
        stale_last = f;
        atomic_fetch_add_explicit(&bytes_stale, f->size, memory_order_relaxed);
    }
    pthread_mutex_unlock(&stale_lock);
}

void frame_condemn(size_t budget)
{
    size_t left;

    if (frame_bytes_stale() <= budget)
        return;
    pthread_mutex_lock(&stale_lock);
    left = bytes_stale;
    for (struct frame *f = stale_first; f != NULL && left > budget; f = f->after) {
        atomic_store_explicit(&f->condemned, true, memory_order_relaxed);
        left -= f->size;
    }
    pthread_mutex_unlock(&stale_lock);
}

bool frame_is_condemned(const struct frame *f)
{
    return atomic_load_explicit(&f->condemned, memory_order_relaxed);
}
