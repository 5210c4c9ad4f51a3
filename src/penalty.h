/* penalty.h -- addresses that misbehave are not let in for a while.
 *
 * A client whose connection is ended for an attack's shape may come back at once, thousands of times a
 * second, and each time costs more than its octets did: TLS, a session, what it takes to see that it
 * attacks. So each address, an IPv6 /64 being one, has a leaky bucket: what its connections were ended
 * for goes in, and one such end a second leaks out. While there is more in it than the limit, the address's
 * new connections are reset at the door; those that it has go on.
 *
 * The bucket is one number, the time at which it will be empty. It never holds more than the limit and
 * PENALTY_MAX_S: so nobody waits longer than that after his last offence, however many there were.
 *
 * The table is of a fixed size, PENALTY_SETS places for PENALTY_WAYS addresses each. An address that
 * finds its place full takes that of the one whose bucket will be empty first, which is forgotten: an
 * attacker with more addresses than fit is punished for fewer of them. Nobody is ever taken for another.
 *
 * Time is given to it, and locking is its owner's (client.c).
 */
#ifndef PGCRIER_PENALTY_H
#define PGCRIER_PENALTY_H

#include <stdbool.h>
#include <stdint.h>
#include "network.h"

enum {
    PENALTY_SETS = 1024,
    PENALTY_WAYS = 8,
    PENALTY_MAX_S = 60,
};

/* What an end counts, in tenths. */
enum penalty_weight {
    PENALTY_BAD_REQUEST = 1, /* of HTTP/1: a client that is merely broken sends some, too */
    PENALTY_ATTACK = 10,
};

struct penalty {
    struct ip ip;
    uint64_t empty_at_ns; /* in the past: nobody is here */
    bool refused;         /* it has been above the limit since it was empty last */
};

struct penalties {
    struct penalty place[PENALTY_SETS][PENALTY_WAYS];
};

/* Returns whether the address is refused from now on, and was not since its bucket was empty last. */
bool penalty_add(struct penalties *penalties, const struct ip *ip, enum penalty_weight weight, unsigned limit,
                 uint64_t now_ns);
/* Whether new connections of this address are refused. */
bool penalty_holds(const struct penalties *penalties, const struct ip *ip, unsigned limit, uint64_t now_ns);

#endif
