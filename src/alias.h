/* alias.h -- which key a spelling means, asked of the database once.
 *
 * Where the arguments of a call are not spelled canonically beyond doubt, crier.resolve() says
 * which key it is. Its answers are kept, so that ten thousand clients with the same odd URL cost
 * one query. At most ALIASES_MAX are kept; one more, and all that nobody waits for are forgotten.
 */
#ifndef PGCRIER_ALIAS_H
#define PGCRIER_ALIAS_H

#include <h2o.h>
#include <uthash.h>
#include "pool.h"
#include "problem.h"
#include "route.h"

enum {
    ALIASES_MAX = 10000,
    ALIAS_RETRY_MS = 500, /* for those who wait on */
};

struct aliases {
    struct alias *by_spelling;
    struct pool *pool;
    struct timer retry;
    /* One who waits, linked by `link` in the owner's struct: a key, or NULL with a problem. With
     * `away` (no database, or one that has no answer just now), return true to wait on. */
    bool (*resolved)(h2o_linklist_t *link, const char *key, const struct problem *problem, bool away);
};

void aliases_init(struct aliases *aliases, struct pool *pool,
                  bool (*resolved)(h2o_linklist_t *, const char *, const struct problem *, bool));
/* `resolved` follows, from the loop or before this returns. */
void alias_resolve(struct aliases *aliases, struct call *call, h2o_linklist_t *link);
/* Routes have changed: what was known may be wrong. */
void aliases_forget(struct aliases *aliases);
/* The database is back: ask for those who waited on. */
void aliases_resume(struct aliases *aliases);

#endif
