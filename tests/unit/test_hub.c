/* test_hub.c -- who reads what on one thread.
 *
 * The subscribers here are clients that note what they are told; some leave at once when told.
 */
#include "promise.h"

#include <stdio.h>
#include <string.h>
#include "calls.h"
#include "hub.h"

enum { MANY = 1000 };

struct client {
    struct subscriber subscriber;
    char heard[200];
    bool leaves; /* unsubscribes in every callback */
    bool slow;   /* takes no events */
};

static struct hub hub;
static struct route *route;
static struct buffer journal; /* what the hub told its owner */

static void hear(struct subscriber *s, const char *what)
{
    struct client *c = (struct client *)s;
    strncat(c->heard, what, sizeof(c->heard) - strlen(c->heard) - 1);
    strncat(c->heard, ";", sizeof(c->heard) - strlen(c->heard) - 1);
    if (c->leaves)
        hub_unsubscribe(s);
}

static void on_changed(struct subscriber *s)
{
    size_t length;
    const char *json = frame_json(hub_frame(s), &length);
    char text[100];
    snprintf(text, sizeof(text), "%.*s", (int)length, json);
    hear(s, text);
}

static void on_gone(struct subscriber *s)
{
    assert_null(s->key); /* unsubscribed already */
    hear(s, "gone");
}

static void on_failed(struct subscriber *s, const struct problem *problem)
{
    char text[20];
    snprintf(text, sizeof(text), "failed %d", problem->status);
    hear(s, text);
}

static void on_away(struct subscriber *s)
{
    hear(s, "away");
}

static void on_back(struct subscriber *s)
{
    hear(s, "back");
}

static void on_opened(struct subscriber *s)
{
    hear(s, "opened");
}

/* Takes what there is, unless it is slow. */
static void on_happened(struct subscriber *s)
{
    struct client *c = (struct client *)s;
    struct frame *frames[4];
    size_t count;
    if (c->slow)
        return;
    while ((count = event_reader_take(&s->events, frames, 4)) != 0) {
        for (size_t i = 0; i < count; i++) {
            struct iovec iov[FRAME_MAX_IOV];
            char text[20];
            assert_int_equal(frame_event(frames[i], iov), 1);
            snprintf(text, sizeof(text), "%.*s", (int)iov[0].iov_len - 2, (char *)iov[0].iov_base);
            hear(s, text);
            frame_unref(frames[i]);
        }
    }
    if (c->leaves)
        hub_unsubscribe(s);
}

static void on_overflowed(struct subscriber *s)
{
    hear(s, "overflowed");
    hub_unsubscribe(s); /* as the contract wants it */
}

static const struct subscriber_ops ops = {on_changed, on_gone, on_failed, on_away, on_back,
                                          on_opened, on_happened, on_overflowed};

static void on_watch(struct hub *h, struct call *call)
{
    assert_ptr_equal(h, &hub);
    buffer_printf(&journal, "watch %s;", call->key);
}

static void on_unwatch(struct hub *h, const char *key)
{
    assert_ptr_equal(h, &hub);
    buffer_printf(&journal, "unwatch %s;", key);
}

static int setup(void **state)
{
    (void)state;
    route = test_route(1);
    buffer_init(&journal, 1 << 20);
    hub_init(&hub);
    hub.watch = on_watch;
    hub.unwatch = on_unwatch;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hub_dispose(&hub); /* asserts that nobody is left */
    buffer_dispose(&journal);
    route_unref(route);
    assert_int_equal(frame_bytes_alive(), 0);
    return 0;
}

static void subscribe(struct client *c, const char *key)
{
    struct call *call = test_call(route, key);
    c->subscriber.ops = &ops;
    hub_subscribe(&hub, &c->subscriber, call);
    call_unref(call);
}

static struct frame *document(const char *json)
{
    char copy[100];
    strcpy(copy, json);
    return frame_document(NULL, copy, strlen(copy), NULL, NULL, 0);
}

/* What was noted since the last look. */
#define HUB_SAID(text)                                                                             \
    do {                                                                                           \
        assert_string_equal(journal.length > 0 ? journal.bytes : "", text);                        \
        buffer_clear(&journal);                                                                    \
    } while (0)
#define HEARD(client, text)                                                                        \
    do {                                                                                           \
        assert_string_equal((client)->heard, text);                                                \
        (client)->heard[0] = '\0';                                                                 \
    } while (0)

static void first_and_last(void **state)
{
    (void)state;
    struct client a = {0}, b = {0}, c = {0};
    subscribe(&a, "/x");
    HUB_SAID("watch /x;");
    subscribe(&b, "/x");
    HUB_SAID("");
    subscribe(&c, "/y");
    HUB_SAID("watch /y;");
    hub_unsubscribe(&a.subscriber);
    hub_unsubscribe(&a.subscriber); /* fine when not subscribed */
    HUB_SAID("");
    hub_unsubscribe(&b.subscriber);
    HUB_SAID("unwatch /x;");
    subscribe(&b, "/x");
    HUB_SAID("watch /x;");
    hub_unsubscribe(&b.subscriber);
    hub_unsubscribe(&c.subscriber);
    HUB_SAID("unwatch /x;unwatch /y;");
}

static void everybody(void **state)
{
    (void)state;
    struct client a = {0}, b = {0}, c = {0};
    subscribe(&a, "/x");
    assert_null(hub_frame(&a.subscriber));
    hub_publish(&hub, "/x", document("1"));
    HEARD(&a, "1;");
    subscribe(&b, "/x");
    HEARD(&b, "1;"); /* at once: there is a frame already */
    subscribe(&c, "/y");
    hub_publish(&hub, "/x", document("2"));
    HEARD(&a, "2;");
    HEARD(&b, "2;");
    HEARD(&c, "");
    hub_unsubscribe(&a.subscriber);
    hub_publish(&hub, "/x", document("3"));
    HEARD(&a, "");
    HEARD(&b, "3;");
    hub_unsubscribe(&b.subscriber);
    hub_unsubscribe(&c.subscriber);
    HUB_SAID("watch /x;watch /y;unwatch /x;unwatch /y;");
}

static void newest_only(void **state)
{
    (void)state;
    struct client a = {0};
    subscribe(&a, "/x");
    struct frame *slow = document("[1,1,1]"); /* somebody still writes it */
    hub_publish(&hub, "/x", frame_ref(slow));
    assert_int_equal(frame_bytes_stale(), 0);
    hub_publish(&hub, "/x", document("[2]"));
    assert_int_equal(frame_bytes_stale(), frame_size(slow));
    assert_int_equal(frame_bytes_alive(), frame_size(slow) + frame_size(hub_frame(&a.subscriber)));
    frame_unref(slow);
    assert_int_equal(frame_bytes_alive(), frame_size(hub_frame(&a.subscriber)));
    assert_int_equal(frame_bytes_stale(), 0);
    for (int i = 0; i < 100; i++)
        hub_publish(&hub, "/x", document("[3]"));
    assert_int_equal(frame_bytes_alive(), frame_size(hub_frame(&a.subscriber)));
    hub_unsubscribe(&a.subscriber);
    assert_int_equal(frame_bytes_alive(), 0);
}

static void twice(void **state)
{
    (void)state;
    struct client a = {0};
    subscribe(&a, "/x");
    struct frame *frame = document("[1]");
    hub_publish(&hub, "/x", frame_ref(frame)); /* with the watch */
    hub_publish(&hub, "/x", frame);            /* and as what everybody gets */
    assert_int_equal(frame_bytes_stale(), 0);
    HEARD(&a, "[1];");
    hub_unsubscribe(&a.subscriber);
    assert_int_equal(frame_bytes_alive(), 0);
}

static void nobody(void **state)
{
    (void)state;
    struct problem problem;
    problem_set(&problem, 500, "x", NULL);
    hub_publish(&hub, "/x", document("1")); /* it was on its way when the last one left */
    HUB_SAID("unwatch /x;");
    assert_int_equal(frame_bytes_alive(), 0);
    hub_gone(&hub, "/x");
    hub_failed(&hub, "/x", &problem);
}

static void leaving_when_told(void **state)
{
    (void)state;
    static struct client clients[10];
    struct problem problem;
    static const char *const told[] = {"1;", "failed 500;", "gone;", "away;"};
    problem_set(&problem, 500, "x", NULL);
    for (int round = 0; round < 4; round++) {
        for (int mask = 0; mask < 1 << 4; mask++) {
            memset(clients, 0, sizeof(clients));
            for (int i = 0; i < 4; i++) {
                clients[i].leaves = mask >> i & 1;
                subscribe(&clients[i], "/x");
            }
            if (round == 0)
                hub_publish(&hub, "/x", document("1"));
            else if (round == 1)
                hub_failed(&hub, "/x", &problem);
            else if (round == 2)
                hub_gone(&hub, "/x");
            else
                hub_set_away(&hub, true);
            for (int i = 0; i < 4; i++) {
                HEARD(&clients[i], told[round]);
                assert_int_equal(clients[i].subscriber.key != NULL,
                                 round != 2 && !clients[i].leaves);
                hub_unsubscribe(&clients[i].subscriber);
            }
            hub_set_away(&hub, false);
            HUB_SAID("watch /x;unwatch /x;");
        }
    }
}

static void leaving_when_coming(void **state)
{
    (void)state;
    struct client a = {0}, b = {.leaves = true};
    subscribe(&a, "/x");
    hub_publish(&hub, "/x", document("1"));
    subscribe(&b, "/x"); /* is served and leaves before hub_subscribe() returns */
    HEARD(&b, "1;");
    assert_null(b.subscriber.key);
    hub_set_away(&hub, true);
    subscribe(&b, "/y");
    HEARD(&b, "away;");
    assert_null(b.subscriber.key);
    hub_unsubscribe(&a.subscriber);
    HUB_SAID("watch /x;watch /y;unwatch /y;unwatch /x;");
    hub_set_away(&hub, false);
}

static void gone(void **state)
{
    (void)state;
    struct client a = {0}, b = {0}, c = {0};
    subscribe(&a, "/x");
    subscribe(&b, "/x");
    subscribe(&c, "/y");
    hub_publish(&hub, "/x", document("1"));
    hub_gone(&hub, "/x");
    HEARD(&a, "1;gone;");
    HEARD(&b, "1;gone;");
    HEARD(&c, "");
    HUB_SAID("watch /x;watch /y;unwatch /x;");
    assert_int_equal(frame_bytes_alive(), 0);
    subscribe(&a, "/x"); /* it may come back */
    HEARD(&a, "");
    HUB_SAID("watch /x;");
    hub_unsubscribe(&a.subscriber);
    hub_unsubscribe(&c.subscriber);
}

static void away_and_back(void **state)
{
    (void)state;
    struct client a = {0}, b = {0}, c = {0};
    subscribe(&a, "/x");
    hub_publish(&hub, "/x", document("1"));
    hub_set_away(&hub, true);
    hub_set_away(&hub, true); /* said once */
    HEARD(&a, "1;away;");
    subscribe(&b, "/y");
    HEARD(&b, "away;");
    subscribe(&c, "/x");
    HEARD(&c, "away;"); /* who hears of the end of it has heard of the beginning */
    assert_non_null(hub_frame(&c.subscriber)); /* what there is, can be shown */
    hub_set_away(&hub, false);
    hub_set_away(&hub, false);
    HEARD(&a, "back;");
    HEARD(&b, "back;");
    HEARD(&c, "back;");
    hub_unsubscribe(&a.subscriber);
    hub_unsubscribe(&b.subscriber);
    hub_unsubscribe(&c.subscriber);
}

static void on_count(void *data, const char *key, uint32_t subscribers)
{
    assert_ptr_equal(data, &journal);
    buffer_printf(&journal, "%s=%u;", key, subscribers);
}

static void counting(void **state)
{
    (void)state;
    struct client a = {0}, b = {0}, c = {0};
    subscribe(&a, "/x");
    subscribe(&b, "/x");
    subscribe(&c, "/y");
    buffer_clear(&journal);
    hub_counts(&hub, on_count, &journal);
    HUB_SAID("/x=2;/y=1;");
    hub_counts(&hub, on_count, &journal);
    HUB_SAID(""); /* told once */
    hub_unsubscribe(&b.subscriber);
    hub_counts(&hub, on_count, &journal);
    HUB_SAID("/x=1;");
    hub_unsubscribe(&a.subscriber);
    hub_counts(&hub, on_count, &journal);
    HUB_SAID("unwatch /x;"); /* that says it all */
    hub_unsubscribe(&c.subscriber);
}

static void many(void **state)
{
    (void)state;
    static struct client clients[MANY];
    memset(clients, 0, sizeof(clients));
    for (int i = 0; i < MANY; i++) {
        clients[i].leaves = i % 3 == 0;
        subscribe(&clients[i], i % 2 == 0 ? "/even" : "/odd");
    }
    hub_publish(&hub, "/even", document("0"));
    hub_publish(&hub, "/odd", document("1"));
    hub_publish(&hub, "/odd", document("3"));
    for (int i = 0; i < MANY; i++) {
        const char *all = i % 2 == 0 ? "0;" : i % 3 == 0 ? "1;" : "1;3;";
        HEARD(&clients[i], all);
        hub_unsubscribe(&clients[i].subscriber);
    }
    HUB_SAID("watch /even;watch /odd;unwatch /odd;unwatch /even;"); /* 997 left before 998 */
}

#define HUB(sentence, function) {sentence, function, setup, teardown, NULL}

static void event(const char *key, const char *text)
{
    char sse[40];
    snprintf(sse, sizeof(sse), "%s\n\n", text);
    struct frame *frame = frame_text(sse);
    hub_events(&hub, key, &frame, 1);
    frame_unref(frame);
}

static void gap(void)
{
    struct frame *frame = frame_text("gap\n\n");
    hub_gap(&hub, frame);
    frame_unref(frame);
}

static void events_for_all_of_a_key(void **state)
{
    (void)state;
    struct client a = {0}, b = {0}, other = {0};
    subscribe(&a, "/x");
    subscribe(&other, "/y");
    event("/x", "1");
    event("/nobody", "2");
    subscribe(&b, "/x"); /* what was before is not for it */
    HEARD(&b, "");
    event("/x", "3");
    HEARD(&a, "1;3;");
    HEARD(&b, "3;");
    HEARD(&other, "");
    hub_unsubscribe(&a.subscriber);
    hub_unsubscribe(&b.subscriber);
    hub_unsubscribe(&other.subscriber);
}

static void events_wait_for_the_slow(void **state)
{
    (void)state;
    struct client slow = {.slow = true}, fast = {0}, leaving = {.leaves = true};
    subscribe(&slow, "/x");
    subscribe(&leaving, "/x");
    subscribe(&fast, "/x");
    event("/x", "1");
    event("/x", "2");
    event("/x", "3");
    HEARD(&leaving, "1;");
    HEARD(&fast, "1;2;3;");
    HEARD(&slow, "");
    assert_int_equal(event_reader_pending(&slow.subscriber.events), 3);
    slow.slow = false;
    on_happened(&slow.subscriber);
    HEARD(&slow, "1;2;3;");
    assert_int_equal(frame_bytes_alive(), 0); /* what all have taken is gone */
    hub_unsubscribe(&slow.subscriber);
    hub_unsubscribe(&fast.subscriber);
}

static void overflow_cuts_the_slow_alone(void **state)
{
    (void)state;
    struct client slow = {.slow = true}, fast = {0};
    subscribe(&slow, "/x");
    subscribe(&fast, "/x");
    for (size_t i = 0; i < EVENT_LOG_MAX_FRAMES; i++) {
        event("/x", "e");
        HEARD(&fast, "e;");
    }
    HEARD(&slow, "");
    event("/x", "one more");
    HEARD(&fast, "one more;");
    HEARD(&slow, "overflowed;");
    assert_int_equal(frame_bytes_alive(), 0);
    hub_unsubscribe(&fast.subscriber);
}

static void lost_on_the_way(void **state)
{
    (void)state;
    struct client a = {0}, b = {0}, other = {0};
    subscribe(&a, "/x");
    subscribe(&b, "/x");
    subscribe(&other, "/y");
    hub_overflowed(&hub, "/x");
    hub_overflowed(&hub, "/nobody");
    HEARD(&a, "overflowed;");
    HEARD(&b, "overflowed;");
    HEARD(&other, "");
    hub_unsubscribe(&other.subscriber);
}

static void opened_once(void **state)
{
    (void)state;
    struct client a = {0}, late = {0};
    hub_opened(&hub, "/x");
    subscribe(&a, "/x");
    HEARD(&a, "");
    hub_opened(&hub, "/x");
    hub_opened(&hub, "/x");
    HEARD(&a, "opened;");
    subscribe(&late, "/x");
    HEARD(&late, "opened;");
    hub_unsubscribe(&a.subscriber);
    hub_unsubscribe(&late.subscriber);
}

static void pending_events_outlive_the_key(void **state)
{
    (void)state;
    struct client slow = {.slow = true};
    subscribe(&slow, "/x");
    event("/x", "1");
    event("/x", "2");
    hub_gone(&hub, "/x");
    HEARD(&slow, "gone;");
    event("/x", "3"); /* of another key by now */
    slow.slow = false;
    on_happened(&slow.subscriber);
    HEARD(&slow, "1;2;");
    hub_unsubscribe(&slow.subscriber);
}

static void gaps_are_told_where_events_are(void **state)
{
    (void)state;
    struct client channel = {0}, document = {0}, talked = {0}, waiting = {0};
    subscribe(&channel, "/channel");
    hub_opened(&hub, "/channel");
    subscribe(&document, "/document");
    subscribe(&talked, "/talked");
    subscribe(&waiting, "/waiting");
    event("/talked", "1");
    gap();
    event("/talked", "2");
    HEARD(&channel, "opened;gap;");
    HEARD(&talked, "1;gap;2;");
    HEARD(&document, "");
    HEARD(&waiting, "");
    hub_unsubscribe(&channel.subscriber);
    hub_unsubscribe(&document.subscriber);
    hub_unsubscribe(&talked.subscriber);
    hub_unsubscribe(&waiting.subscriber);
}

static void deaf_when_draining(void **state)
{
    (void)state;
    struct client slow = {.slow = true};
    subscribe(&slow, "/x");
    event("/x", "1");
    hub.deaf = true;
    event("/x", "2");
    gap();
    hub_overflowed(&hub, "/x");
    slow.slow = false;
    on_happened(&slow.subscriber);
    HEARD(&slow, "1;");
    hub_unsubscribe(&slow.subscriber);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HUB("hub: a key is watched while it has a subscriber", first_and_last),
        HUB("hub: a change is told to all who read the key and to nobody else", everybody),
        HUB("hub: holds the newest frame and no other", newest_only),
        HUB("hub: the same frame twice is one, and not out of date", twice),
        HUB("hub: what nobody reads is let go, and unwatched once more", nobody),
        HUB("hub: whoever is told anything may leave at once", leaving_when_told),
        HUB("hub: a newcomer that is served at once may leave at once", leaving_when_coming),
        HUB("hub: a document that is gone has no subscribers", gone),
        HUB("hub: the database's absence is said once, and to newcomers without a document",
            away_and_back),
        HUB("hub: a changed number of subscribers is told once", counting),
        HUB("hub: a thousand subscribers, of whom a third leave when told", many),
        HUB("hub: an event is for all who have its key open", events_for_all_of_a_key),
        HUB("hub: events wait for who is slow, in order, and are gone when all have them", events_wait_for_the_slow),
        HUB("hub: the 1,025th frame is one too many, for the slow alone", overflow_cuts_the_slow_alone),
        HUB("hub: who may have missed events on the way to the thread is told", lost_on_the_way),
        HUB("hub: a channel is opened once, and open for who comes later", opened_once),
        HUB("hub: events that are pending outlive their key", pending_events_outlive_the_key),
        HUB("hub: a gap is told where there are events", gaps_are_told_where_events_are),
        HUB("hub: what is pending when a drain begins is all", deaf_when_draining),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
