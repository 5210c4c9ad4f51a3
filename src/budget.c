/* budget.c -- see budget.h. */
#include "budget.h"

#include <stdatomic.h>

static size_t limit;
static _Atomic size_t taken;

void budget_init(size_t octets)
{
    limit = octets;
}

int budget_take(size_t octets)
{
    size_t before = atomic_fetch_add(&taken, octets);

    if (octets <= limit && before <= limit - octets)
        return 0;
    atomic_fetch_sub(&taken, octets);
    return -1;
}

void budget_give(size_t octets)
{
    atomic_fetch_sub(&taken, octets);
}

size_t budget_taken(void)
{
    return atomic_load(&taken);
}
