/* alias.c -- see alias.h. */
#include "alias.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

struct alias {
    struct aliases *set;
    struct call *call;        /* the first one that came; its spelling is the name here */
    char *key;                /* NULL while not known */
    bool asking;              /* the job is with the pool */
    bool forgotten;           /* not in the set any more; goes when the job is done */
    h2o_linklist_t waiting;
    struct pool_job job;
    char route_id[16];
    UT_hash_handle hh;
};

static void drop(struct alias *alias)
{
    if (!alias->forgotten)
        HASH_DEL(alias->set->by_spelling, alias);
    if (alias->asking) {
        alias->forgotten = true;
        return;
    }
    call_unref(alias->call);
    free(alias->key);
    free(alias);
}

static struct timers *timers(struct aliases *aliases)
{
    return &aliases->pool->loop->timers;
}

/* Tells all who wait; those who wait on stay, and are asked for again. */
static void tell(struct alias *alias, const struct problem *problem, bool away)
{
    h2o_linklist_t telling;

    h2o_linklist_init_anchor(&telling);
    h2o_linklist_insert_list(&telling, &alias->waiting);
    while (!h2o_linklist_is_empty(&telling)) {
        h2o_linklist_t *link = telling.next;
        h2o_linklist_unlink(link);
        if (alias->set->resolved(link, alias->key, problem, away))
            h2o_linklist_insert(&alias->waiting, link);
    }
    if (!h2o_linklist_is_empty(&alias->waiting) && !timer_is_set(&alias->set->retry))
        timer_set(timers(alias->set), &alias->set->retry, ALIAS_RETRY_MS * NS_PER_MS);
}

/* Who waits on is asked for again, by the alias that has the spelling now; this one, if there is none. */
static void rejoin(struct alias *alias)
{
    const char *spelling = alias->call->spelling;
    struct alias *other;

    HASH_FIND_STR(alias->set->by_spelling, spelling, other);
    if (other != NULL) {
        h2o_linklist_insert_list(&other->waiting, &alias->waiting);
        return;
    }
    HASH_ADD_KEYPTR(hh, alias->set->by_spelling, spelling, strlen(spelling), alias);
    alias->forgotten = false;
}

static void on_done(struct pool_job *job, enum pool_outcome outcome, PGresult *result,
                    const char *sqlstate, const char *message)
{
    struct alias *alias = H2O_STRUCT_FROM_MEMBER(struct alias, job, job);
    struct problem problem = {0};

    alias->asking = false;
    if (outcome == POOL_OK) {
        free(alias->key);
        alias->key = must_strdup(PQgetvalue(result, 0, 0));
        PQclear(result);
    } else if (outcome == POOL_ERROR) {
        problem_from_sqlstate(&problem, sqlstate, message, job->detail);
    } else {
        problem_set(&problem, 503, "The database is away", NULL);
    }
    tell(alias, &problem, problem.status == 503);
    if (alias->forgotten && !h2o_linklist_is_empty(&alias->waiting))
        rejoin(alias);
    if (alias->forgotten || (alias->key == NULL && h2o_linklist_is_empty(&alias->waiting)))
        drop(alias);
}

static void ask(struct alias *alias)
{
    snprintf(alias->route_id, sizeof(alias->route_id), "%d", alias->call->route->id);
    alias->job = (struct pool_job){
        .sql = "select crier.resolve($1, $2)",
        .value_count = 2,
        .values = {alias->route_id, alias->call->arguments},
        .snapshot = true,
        .repeatable = true,
        .urgent = true,
        .done = on_done,
    };
    alias->asking = true;
    metric_add(METRIC_RESOLVES, 1);
    pool_submit(alias->set->pool, &alias->job);
}

static void make_room(struct aliases *aliases)
{
    struct alias *alias, *next;

    if (HASH_COUNT(aliases->by_spelling) < ALIASES_MAX)
        return;
    HASH_ITER(hh, aliases->by_spelling, alias, next) {
        if (h2o_linklist_is_empty(&alias->waiting))
            drop(alias);
    }
}

static void on_retry(struct timer *timer)
{
    aliases_resume(H2O_STRUCT_FROM_MEMBER(struct aliases, retry, timer));
}

void aliases_init(struct aliases *aliases, struct pool *pool,
                  bool (*resolved)(h2o_linklist_t *, const char *, const struct problem *, bool))
{
    *aliases = (struct aliases){.pool = pool, .retry = {.fire = on_retry}, .resolved = resolved};
}

void alias_resolve(struct aliases *aliases, struct call *call, h2o_linklist_t *link)
{
    struct alias *alias;

    HASH_FIND_STR(aliases->by_spelling, call->spelling, alias);
    if (alias == NULL) {
        make_room(aliases);
        alias = must_alloc(sizeof(*alias));
        alias->set = aliases;
        alias->call = call_ref(call);
        h2o_linklist_init_anchor(&alias->waiting);
        HASH_ADD_KEYPTR(hh, aliases->by_spelling, alias->call->spelling, strlen(alias->call->spelling), alias);
    }
    *link = (h2o_linklist_t){NULL, NULL};
    if (alias->key != NULL) {
        struct problem fine = {0};
        aliases->resolved(link, alias->key, &fine, false);
        return;
    }
    h2o_linklist_insert(&alias->waiting, link);
    if (!alias->asking)
        ask(alias);
}

void aliases_forget(struct aliases *aliases)
{
    struct alias *alias, *next;

    HASH_ITER(hh, aliases->by_spelling, alias, next) {
        if (alias->asking || h2o_linklist_is_empty(&alias->waiting))
            drop(alias);
    }
}

void aliases_resume(struct aliases *aliases)
{
    struct alias *alias, *next;

    HASH_ITER(hh, aliases->by_spelling, alias, next) {
        if (!alias->asking && !h2o_linklist_is_empty(&alias->waiting))
            ask(alias);
    }
}
