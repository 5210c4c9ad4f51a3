/* turn.h -- nobody holds a worker's loop for longer than his turn.
 *
 * libh2o answers a request of HTTP/1 as soon as the answer before it has left, and sends the next piece of
 * a file as soon as the kernel has taken the last one, all within one turn of the loop: whoever sends
 * 100,000 small requests in one go, or takes 30 MB as fast as they come, would be the only one served
 * for that long. So an answer's last stage lets pass TURN_OCTETS for each connection and turn,
 * a send counting as TURN_SEND octets more than it has, and what is beyond waits for a next turn. Of those
 * who wait, TURN_CONNECTIONS go on in each, the longest waiting first: so a turn stays short, and who
 * asks for little is not made to wait for those who ask for much.
 *
 * HTTP/2 (http2_output.c) and streams (stream.c) have bounds of their own. How much may be read in a turn
 * is the receive buffer's size (door.c).
 */
#ifndef PGCRIER_TURN_H
#define PGCRIER_TURN_H

#include <h2o.h>
#include "loop.h"

enum {
    TURN_OCTETS = 65536,
    TURN_SEND = 4096,   /* what a send costs however little it has: 16 small answers in a turn */
    TURN_CONNECTIONS = 16,
};

/* What one connection has sent in a turn. */
struct turn_account {
    uint64_t turn;
    size_t octets;
};

/* A worker's answers that wait for the next turn. */
struct turns {
    struct loop *loop;
    h2o_linklist_t waiting;
    struct timer timer;
};

void turns_init(struct turns *turns, struct loop *loop);
/* A filter of libh2o's, for all answers of this path. */
void turn_register(h2o_pathconf_t *path);

#endif
