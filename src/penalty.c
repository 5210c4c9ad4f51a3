/* penalty.c -- see penalty.h. */
#include "penalty.h"

#include <string.h>

#include "timer.h"

#define TENTH_NS (NS_PER_S / 10) /* one end a second leaks out */

/* FNV-1a. */
static size_t set_of(const struct ip *ip)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < sizeof(ip->octets); ++i)
        hash = (hash ^ ip->octets[i]) * 16777619u;
    return (hash ^ hash >> 16) % PENALTY_SETS;
}

static bool is_of(const struct penalty *penalty, const struct ip *customer, uint64_t now_ns)
{
    return penalty->empty_at_ns > now_ns && memcmp(&penalty->ip, customer, sizeof(*customer)) == 0;
}

static struct penalty *find(struct penalty *set, const struct ip *customer, uint64_t now_ns)
{
    struct penalty *first = set; /* to be empty, if it is not already */

    for (struct penalty *at = set; at < set + PENALTY_WAYS; ++at) {
        if (is_of(at, customer, now_ns))
            return at;
        if (at->empty_at_ns < first->empty_at_ns)
            first = at;
    }
    *first = (struct penalty){.ip = *customer, .empty_at_ns = now_ns};
    return first;
}

static bool is_above(const struct penalty *penalty, unsigned limit, uint64_t now_ns)
{
    return penalty->empty_at_ns - now_ns > limit * NS_PER_S;
}

bool penalty_add(struct penalties *penalties, const struct ip *ip, enum penalty_weight weight, unsigned limit,
                 uint64_t now_ns)
{
    struct ip customer = ip_of_customer(ip);
    struct penalty *penalty = find(penalties->place[set_of(&customer)], &customer, now_ns);
    uint64_t fullest = now_ns + ((uint64_t)limit + PENALTY_MAX_S) * NS_PER_S;

    penalty->empty_at_ns += (unsigned)weight * TENTH_NS;
    if (penalty->empty_at_ns > fullest)
        penalty->empty_at_ns = fullest;
    if (penalty->refused || !is_above(penalty, limit, now_ns))
        return false;
    return penalty->refused = true;
}

bool penalty_holds(const struct penalties *penalties, const struct ip *ip, unsigned limit, uint64_t now_ns)
{
    struct ip customer = ip_of_customer(ip);
    const struct penalty *set = penalties->place[set_of(&customer)];

    for (const struct penalty *at = set; at < set + PENALTY_WAYS; ++at) {
        if (is_of(at, &customer, now_ns))
            return is_above(at, limit, now_ns);
    }
    return false;
}
