/* inlined.c -- see inlined.h. */
#include "inlined.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>
#include "buffer.h"
#include "path.h"

static const char opening[] = "{\"signature\":\"";
enum { OPENING = sizeof(opening) - 1, SIGNATURE = 64 /* hexadecimal digits */ };

enum key { KEY_NONE, KEY_TOPIC, KEY_KEY, KEY_OTHERS, KEY_XID, KEY_SNAPSHOT, KEY_DOCUMENT };

struct decoder {
    struct inlined *n;
    yajl_handle yajl;
    char *at, *end;  /* of what stands behind the signature */
    size_t depth;    /* of objects and arrays */
    enum key key;    /* whose value comes next */
    char *snapshot;
};

/* --- the head: up to the document's key, where the parser is stopped ----------------------------- */

static int on_string(void *context, const unsigned char *text, size_t length)
{
    struct decoder *d = context;
    char **to = d->key == KEY_TOPIC ? &d->n->topic : d->key == KEY_KEY ? &d->n->key : &d->snapshot;
    char *copy;

    if (length == 0 || memchr(text, '\0', length) != NULL || !utf8_is_valid((const char *)text, length))
        return 0;
    if (d->key == KEY_OTHERS && d->depth == 2 && d->n->other_count < INLINED_MAX_OTHERS) {
        d->n->others[d->n->other_count++] = must_strndup((const char *)text, length);
        return 1;
    }
    if (d->depth != 1 || d->key == KEY_OTHERS || d->key == KEY_NONE)
        return 0;
    copy = must_strndup((const char *)text, length);
    if (d->key == KEY_XID) {
        d->n->xid = xid_parse(copy);
        free(copy);
        return d->n->xid != 0;
    }
    free(*to);
    *to = copy;
    return 1;
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
    static const char *const names[] = {
        [KEY_TOPIC] = "topic", [KEY_KEY] = "key", [KEY_OTHERS] = "others",
        [KEY_XID] = "xid", [KEY_SNAPSHOT] = "snapshot", [KEY_DOCUMENT] = "document"};
    struct decoder *d = context;

    d->key = KEY_NONE;
    for (enum key key = KEY_TOPIC; key <= KEY_DOCUMENT; ++key)
        if (strlen(names[key]) == length && memcmp(names[key], text, length) == 0)
            d->key = key;
    if (d->key == KEY_DOCUMENT)
        d->at += yajl_get_bytes_consumed(d->yajl);
    return d->key != KEY_NONE && d->key != KEY_DOCUMENT;
}

static int on_object(void *context)
{
    struct decoder *d = context;
    return d->depth++ == 0;
}

static int on_array(void *context)
{
    struct decoder *d = context;
    return d->depth++ == 1 && d->key == KEY_OTHERS;
}

static int on_end(void *context)
{
    struct decoder *d = context;
    d->depth--;
    return 1;
}

static int on_other(void *context)
{
    (void)context;
    return 0;
}

static int on_boolean(void *context, int value)
{
    (void)value;
    return on_other(context);
}

static int on_number(void *context, const char *text, size_t length)
{
    (void)text, (void)length;
    return on_other(context);
}

/* Whether everything up to the document is as it should be. */
static bool parse_head(struct decoder *d)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_other, .yajl_boolean = on_boolean, .yajl_number = on_number,
        .yajl_string = on_string, .yajl_map_key = on_key,
        .yajl_start_map = on_object, .yajl_end_map = on_end,
        .yajl_start_array = on_array, .yajl_end_array = on_end,
    };
    yajl_status status;

    d->yajl = yajl_alloc(&callbacks, NULL, d);
    yajl_parse(d->yajl, (const unsigned char *)"{", 1);
    status = yajl_parse(d->yajl, (const unsigned char *)d->at, (size_t)(d->end - d->at));
    yajl_free(d->yajl);
    return status == yajl_status_client_canceled && d->key == KEY_DOCUMENT && d->depth == 1;
}

/* --- the signature ------------------------------------------------------------------------------ */

static bool is_signed(const char *signature, const char *body, size_t length, const unsigned char *secret)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int hash_length = 0;
    char hex[SIGNATURE + 1];

    if (secret == NULL || HMAC(EVP_sha256(), secret, INLINED_SECRET, (const unsigned char *)body, length,
                               hash, &hash_length) == NULL || hash_length * 2 != SIGNATURE)
        return false;
    for (unsigned int i = 0; i < hash_length; ++i)
        snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    return CRYPTO_memcmp(hex, signature, SIGNATURE) == 0;
}

/* --- the whole ---------------------------------------------------------------------------------- */

/* The signature's length, the empty one of an installation without a secret being 0; -1: neither. */
static int signature_length(const char *payload, size_t length)
{
    if (length < OPENING + 2 || memcmp(payload, opening, OPENING) != 0)
        return -1;
    if (memcmp(payload + OPENING, "\",", 2) == 0)
        return 0;
    return length >= OPENING + SIGNATURE + 2 && memcmp(payload + OPENING + SIGNATURE, "\",", 2) == 0
               ? SIGNATURE : -1;
}

/* The document, between the key's colon and the last brace. */
static bool slice(struct decoder *d)
{
    if (d->end - d->at < 3 || d->at[0] != ':' || d->end[-1] != '}')
        return false;
    d->n->document = d->at + 1;
    d->n->length = (size_t)(d->end - d->at) - 2;
    return true;
}

bool inlined_decode(struct inlined *n, char *payload, size_t length, const unsigned char *secret)
{
    int digits = signature_length(payload, length);
    struct decoder d = {.n = n, .end = payload + length};
    bool good;

    *n = (struct inlined){.topic = NULL};
    if (digits < 0)
        return false;
    d.at = payload + OPENING + digits + 2;
    n->genuine = digits == SIGNATURE &&
                 is_signed(payload + OPENING, d.at, (size_t)(d.end - d.at), secret);
    good = parse_head(&d) && n->topic != NULL && slice(&d);
    if (d.snapshot != NULL)
        snapshot_parse(&n->snapshot, d.snapshot);
    free(d.snapshot);
    n->genuine = n->genuine && n->key != NULL && n->xid != 0;
    if (!good)
        inlined_dispose(n);
    return good;
}

void inlined_dispose(struct inlined *n)
{
    free(n->topic);
    free(n->key);
    for (size_t i = 0; i < n->other_count; ++i)
        free(n->others[i]);
    snapshot_forget(&n->snapshot);
    *n = (struct inlined){.topic = NULL};
}
