/* bodies.h -- what the bodies of all requests hold together, on all workers and over every protocol.
 *
 * One number, compared with --body-budget. Whoever receives a body counts its octets here before or
 * while it keeps them, and gives them back when the request ends.
 */
#ifndef PGCRIER_BODIES_H
#define PGCRIER_BODIES_H

#include <stddef.h>
#include <stdint.h>
#include "network.h"

void bodies_init(size_t budget);
/* Counts octets that are about to be kept. Returns 0, or -1 when they do not fit: nothing is counted. */
int bodies_take(size_t octets);
void bodies_give(size_t octets);
/* Counts what is kept already, or no more (a negative number). Returns how far all bodies are above the budget now. */
size_t bodies_adjust(int64_t octets);
size_t bodies_held(void);

/* While there is too much, workers tell each other who holds how much, so that the one that has a body
 * of the address that holds most refuses it, and no other worker anything. */
struct bodies_holder {
    struct ip ip;
    size_t octets;
};
struct bodies_report {
    struct bodies_report *next; /* of another worker */
    struct bodies_holder *holder;
    size_t count;
};
/* Takes the array; it replaces what this worker has told before. NULL takes that back. */
void bodies_tell(struct bodies_report *report, struct bodies_holder *holder, size_t count);
/* This worker has refused a body. */
void bodies_refused(struct bodies_report *report, const struct ip *ip, size_t octets);
/* Who holds most. Returns 0, or -1 when nobody holds anything. */
int bodies_largest(struct ip *ip);

#endif
