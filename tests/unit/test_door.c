/* test_door.c -- what a connection is given when it comes in. */
#include "promise.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>
#include "door.h"

static struct loop loop;
static int accepted = -1; /* the connection that came in */

/* In place of accept.c's. */
void reception_init(struct reception *reception, struct http2 *http2, h2o_hostconf_t *host, SSL_CTX *tls)
{
    (void)http2;
    (void)host;
    (void)tls;
    *reception = (struct reception){0};
}

void reception_renew(struct reception *reception, SSL_CTX *tls)
{
    (void)reception;
    (void)tls;
}

void accept_start(struct reception *reception, h2o_socket_t *socket)
{
    (void)reception;
    accepted = dup(h2o_socket_get_fd(socket));
    h2o_socket_close(socket);
    loop_stop(&loop);
}

/* Connects to a listening socket of its own, and lets the door take the connection in. */
static void come_in(void)
{
    static struct door door;
    static struct patrol patrol;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    struct listening listening = {.kind = LISTENING_ADMIN, .owner = LISTENING_OPENED};
    int client = socket(AF_INET, SOCK_STREAM, 0);

    listening.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listening.fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listening.fd, 1), 0);
    assert_int_equal(getsockname(listening.fd, (struct sockaddr *)&address, &length), 0);
    loop_init(&loop);
    door_init(&door, &loop, &patrol, 1);
    door_add(&door, &listening, NULL, NULL, NULL);
    assert_int_equal(connect(client, (struct sockaddr *)&address, length), 0);
    loop_run(&loop);
}

static int option(int level, int name)
{
    int value = 0;
    socklen_t length = sizeof(value);

    assert_int_equal(getsockopt(accepted, level, name, &value, &length), 0);
    return value;
}

static void is_given_up(void **state)
{
    (void)state;
    come_in();
    /* A heartbeat every 15 s is not acknowledged: that and this are less than a minute. */
    assert_int_equal(option(IPPROTO_TCP, TCP_USER_TIMEOUT), 30000);
    assert_int_equal(option(SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(IPPROTO_TCP, TCP_NOTSENT_LOWAT), 131072);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE("door: C03: who does not acknowledge for 30 s is gone, and nobody is owed more than 128 KiB by the kernel", is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
