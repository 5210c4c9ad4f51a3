/* turn.c -- see turn.h. */
#include "turn.h"

#include <string.h>

#include "metrics.h"
#include "worker.h"

/* The stage of one answer, and what of it waits; the octets are good until they are sent. */
struct stage {
    h2o_ostream_t super;
    h2o_req_t *req;
    h2o_linklist_t link;  /* in turns->waiting */
    h2o_iovec_t *bufs;
    size_t count, capacity;
    h2o_send_state_t state;
};

/* Returns whether these octets may go in this turn. The first always may. */
static bool pay(h2o_req_t *req, const h2o_iovec_t *bufs, size_t count)
{
    struct turn_account *account = &visitor_of(req)->account;
    uint64_t turn = worker_of(req)->loop.turn;

    if (account->turn != turn)
        *account = (struct turn_account){turn, 0};
    if (account->octets >= TURN_OCTETS)
        return false;
    account->octets += TURN_SEND;
    for (size_t i = 0; i < count; ++i)
        account->octets += bufs[i].len;
    return true;
}

/* Whoever gave us the array may reuse it. */
static void put_off(struct stage *stage, const h2o_iovec_t *bufs, size_t count, h2o_send_state_t state)
{
    struct turns *turns = &worker_of(stage->req)->turns;

    if (count > stage->capacity) {
        stage->bufs = h2o_mem_alloc_pool(&stage->req->pool, count * sizeof(*bufs));
        stage->capacity = count;
    }
    if (count != 0)
        memcpy(stage->bufs, bufs, count * sizeof(*bufs));
    stage->count = count;
    stage->state = state;
    metric_add(METRIC_PUT_OFF, 1);
    h2o_linklist_insert(&turns->waiting, &stage->link);
    if (!timer_is_set(&turns->timer))
        timer_set(&turns->loop->timers, &turns->timer, 0);
}

static void do_send(h2o_ostream_t *super, h2o_req_t *req, h2o_iovec_t *bufs, size_t count, h2o_send_state_t state)
{
    struct stage *stage = (struct stage *)super;

    if (pay(req, bufs, count))
        h2o_ostream_send_next(super, req, bufs, count, state);
    else
        put_off(stage, bufs, count, state);
}

/* It is over before its turn came. */
static void on_stop(h2o_ostream_t *super, h2o_req_t *req)
{
    struct stage *stage = (struct stage *)super;

    (void)req;
    if (h2o_linklist_is_linked(&stage->link))
        h2o_linklist_unlink(&stage->link);
}

/* Those that waited longest. Each is the first of its connection in this turn, so none is put off again. */
static void on_next_turn(struct timer *timer)
{
    struct turns *turns = H2O_STRUCT_FROM_MEMBER(struct turns, timer, timer);

    for (int i = 0; i < TURN_CONNECTIONS && !h2o_linklist_is_empty(&turns->waiting); ++i) {
        struct stage *stage = H2O_STRUCT_FROM_MEMBER(struct stage, link, turns->waiting.next);
        h2o_linklist_unlink(&stage->link);
        do_send(&stage->super, stage->req, stage->bufs, stage->count, stage->state);
    }
    if (!h2o_linklist_is_empty(&turns->waiting) && !timer_is_set(timer))
        timer_set(&turns->loop->timers, timer, 0);
}

static void on_setup_ostream(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)self;
    if (req->version < 0x200) {
        struct stage *stage = (struct stage *)h2o_add_ostream(req, sizeof(*stage), slot);
        memset((char *)stage + sizeof(stage->super), 0, sizeof(*stage) - sizeof(stage->super));
        stage->super.do_send = do_send;
        stage->super.stop = on_stop;
        stage->req = req;
        slot = &stage->super.next;
    }
    h2o_setup_next_ostream(req, slot);
}

void turns_init(struct turns *turns, struct loop *loop)
{
    *turns = (struct turns){.loop = loop, .timer = {.fire = on_next_turn}};
    h2o_linklist_init_anchor(&turns->waiting);
}

void turn_register(h2o_pathconf_t *path)
{
    h2o_create_filter(path, sizeof(h2o_filter_t))->on_setup_ostream = on_setup_ostream;
}
