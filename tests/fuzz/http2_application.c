/* http2_application.c -- fuzz_http2: requests are answered in all the ways that handlers have.
 *
 * The first letter of the path chooses. What is written is freed as soon as it is said to have left,
 * so that a sanitizer sees who still reads it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "buffer.h"
#include "frame.h"
#include "front.h"
#include "http2_parts.h"
#include "response.h"
#include "sink_http2.h"

enum {
    LARGE = 40000,       /* octets of a piece of a download */
    PIECES = 3,          /* of a download */
    HUGE_HEAD = 70000,   /* octets of a header that libnghttp2 does not send */
    MANY_BUFS = 9,
};

/* An answer that takes its time. */
struct download {
    h2o_generator_t generator;
    h2o_req_t *req;
    h2o_linklist_t link;  /* in `waiting` until it begins */
    char kind;            /* the path's letter */
    int pieces;           /* that are sent */
    char *piece;          /* the one under way */
};

/* A stream of events. */
struct subscriber {
    struct sink *sink;
    h2o_linklist_t link;  /* in `subscribers` */
    struct frame *frames[SINK_MAX_FRAMES];
    size_t count;         /* of frames under way */
    bool writing;
};

static h2o_linklist_t waiting, subscribers;
static size_t downloads;

/* --- downloads --------------------------------------------------------------------------------------- */

static void on_download_gone(void *arg)
{
    struct download *download = arg;

    if (h2o_linklist_is_linked(&download->link))
        h2o_linklist_unlink(&download->link);
    free(download->piece);
    --downloads;
}

static void proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct download *download = (struct download *)generator;
    bool empty = download->kind == 'z' && download->pieces % 2 == 1;
    size_t length = empty ? 0 : download->kind == 'd' ? LARGE : 700, n = empty ? 0 : MANY_BUFS;
    h2o_iovec_t bufs[MANY_BUFS];
    bool last = ++download->pieces > PIECES;

    free(download->piece);
    download->piece = must_alloc(length + 1);
    for (size_t i = 0; i < n; ++i) /* the last but one is empty */
        bufs[i] = h2o_iovec_init(download->piece + i * (length / MANY_BUFS), i == 7 ? 0 : length / MANY_BUFS);
    if (download->kind == 'd')
        n = 1, bufs[0].len = length;
    if (last && download->kind == 'x')
        h2o_send(req, NULL, 0, H2O_SEND_STATE_ERROR);
    else
        h2o_send(req, bufs, n, last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

static void begin(struct download *download)
{
    h2o_linklist_unlink(&download->link);
    response_set_status(download->req, 200);
    h2o_start_response(download->req, &download->generator);
    proceed(&download->generator, download->req);
}

static int download(h2o_req_t *req, char kind)
{
    struct download *new = h2o_mem_alloc_shared(&req->pool, sizeof(*new), on_download_gone);

    memset(new, 0, sizeof(*new));
    new->generator.proceed = proceed;
    new->req = req;
    new->kind = kind;
    ++downloads;
    h2o_linklist_insert(&waiting, &new->link);
    if (kind != 'w')
        begin(new);
    return 0;
}

void fuzz_application_answer(unsigned how)
{
    struct download *next;

    if (h2o_linklist_is_empty(&waiting))
        return;
    next = H2O_STRUCT_FROM_MEMBER(struct download, link, how % 2 == 0 ? waiting.next : waiting.prev);
    next->kind = "dxzs"[how / 2 % 4];
    begin(next);
}

/* --- events ------------------------------------------------------------------------------------------ */

static void let_go(struct subscriber *subscriber)
{
    while (subscriber->count != 0)
        frame_unref(subscriber->frames[--subscriber->count]);
}

static void on_written(void *data, uint64_t now_ns)
{
    struct subscriber *subscriber = data;

    (void)now_ns;
    subscriber->writing = false;
    let_go(subscriber);
}

static void on_closed(void *data)
{
    struct subscriber *subscriber = data;

    h2o_linklist_unlink(&subscriber->link);
    let_go(subscriber);
    free(subscriber);
}

static struct frame *make_frame(unsigned how)
{
    static const size_t sizes[] = {10, 300, 15000, LARGE};
    size_t length = sizes[how % 4];
    char *json = must_alloc(length);

    memset(json, '1', length);
    return frame_document(NULL, json, length, free, json, 0);
}

static int subscribe(h2o_req_t *req)
{
    static const struct sink_events events = {on_written, on_closed};
    struct subscriber *new = must_alloc(sizeof(*new));

    new->frames[new->count++] = make_frame((unsigned)req->path_normalized.len);
    new->writing = true;
    h2o_linklist_insert(&subscribers, &new->link);
    response_stream_headers(req);
    new->sink = sink_http2_create(req, "retry: 1000\n\n", new->frames[0], &events, new);
    return 0;
}

static void end(struct subscriber *subscriber)
{
    if (subscriber->writing)
        subscriber->sink->ops->abort(subscriber->sink);
    else
        subscriber->sink->ops->finish(subscriber->sink);
    on_closed(subscriber);
}

void fuzz_application_event(unsigned which, unsigned how)
{
    struct subscriber *subscriber;
    h2o_linklist_t *at = subscribers.next;

    for (unsigned i = which % 8; i != 0 && at != &subscribers; --i)
        at = at->next;
    if (at == &subscribers)
        return;
    subscriber = H2O_STRUCT_FROM_MEMBER(struct subscriber, link, at);
    if (how == 15) {
        end(subscriber);
    } else if (!subscriber->writing) {
        for (size_t n = how / 4 == 3 ? SINK_MAX_FRAMES / 8 : how / 4 + 1; subscriber->count < n;)
            subscriber->frames[subscriber->count++] = make_frame(how);
        subscriber->writing = true;
        subscriber->sink->ops->write(subscriber->sink, subscriber->frames, subscriber->count);
    }
}

/* --- all of them ------------------------------------------------------------------------------------- */

static int huge_head(h2o_req_t *req)
{
    static char huge[HUGE_HEAD];

    memset(huge, 'h', sizeof(huge));
    response_header(req, H2O_STRLIT("x-huge"), huge, sizeof(huge));
    response_text(req, 200, "text/plain", "huge", 4);
    return 0;
}

static int on_req(h2o_handler_t *self, h2o_req_t *req)
{
    char kind = req->path_normalized.len > 1 ? req->path_normalized.base[1] : 's';

    (void)self;
    switch (kind) {
    case 'd': case 'x': case 'z': case 'w': return download(req, kind);
    case 'v': return subscribe(req);
    case 'h': return huge_head(req);
    case 'e': response_text(req, 200, "text/plain", req->entity.base, req->entity.len); return 0;
    case 'm': response_not_allowed(req, "GET"); return 0;
    case 'n': return -1;
    default: response_text(req, 200, "text/plain", "small", 5); return 0;
    }
}

void fuzz_application_register(h2o_pathconf_t *path)
{
    h2o_linklist_init_anchor(&waiting);
    h2o_linklist_init_anchor(&subscribers);
    front_register(path);
    h2o_create_handler(path, sizeof(h2o_handler_t))->on_req = on_req;
}

/* What subscribers there are has no end of its own: a sink whose client is gone says so. */
void fuzz_application_finish(void)
{
    while (!h2o_linklist_is_empty(&waiting))
        fuzz_application_answer(0);
}

bool fuzz_application_is_idle(void)
{
    return downloads == 0 && h2o_linklist_is_empty(&subscribers) && frame_bytes_alive() == 0;
}
