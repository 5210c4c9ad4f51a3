/* budget.h -- what all request bodies together may keep in memory (--body-budget).
 *
 * One count for all threads. Whoever is refused answers 503: the client may come back.
 */
#ifndef PGCRIER_BUDGET_H
#define PGCRIER_BUDGET_H

#include <stddef.h>

void budget_init(size_t octets);
/* Returns 0, or -1 when that would be more than there is. */
int budget_take(size_t octets);
void budget_give(size_t octets);
/* What is taken right now. */
size_t budget_taken(void);

#endif
