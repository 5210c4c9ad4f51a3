/* action.c -- see action.h. */
#include "action.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "body.h"
#include "log.h"
#include "metrics.h"
#include "query.h"
#include "request_headers.h"
#include "response.h"
#include "worker.h"

struct action {
    struct query query;
    h2o_req_t *req;          /* NULL once the request is gone */
    struct action **holder;  /* in the request's pool, points back here; NULL once it is gone */
    struct call *call;
    struct body body;
    char *headers;
    char route_id[16];
};

static void on_request_disposed(void *arg)
{
    struct action *action = *(struct action **)arg;

    if (action != NULL) {
        action->req = NULL;
        action->holder = NULL;
    }
}

static void dispose(struct action *action)
{
    PQclear(action->query.result);
    call_unref(action->call);
    body_dispose(&action->body);
    free(action->headers);
    free(action);
}

/* What a failure means for the client. What the server said goes to the log, where the client is told
 * nothing of it. */
static void explain(const struct action *action, struct problem *problem)
{
    const struct query *query = &action->query;
    const struct route *route = action->call->route;

    if (query->job.in_doubt) {
        log_error("%s %s: it is not known whether it was committed: %s", route->method, route->path,
                  query->reason);
        problem_set(problem, 503, "The outcome is unknown",
                    "The database was lost while it worked: look whether it is done before trying again");
        problem->in_doubt = true;
    } else if (query->outcome == POOL_AWAY) {
        problem_set(problem, 503, "The database is away", NULL);
    } else {
        problem_from_action(problem, query->sqlstate, query->reason, query->detail);
        if (strncmp(query->sqlstate, "PT", 2) != 0)
            log_line(problem->status >= 500 ? LOG_WARNING : LOG_DEBUG, "%s %s: %s: %s", route->method,
                      route->path, query->sqlstate, query->reason);
    }
}

static void refuse(h2o_req_t *req, const struct problem *problem)
{
    metric_answer(METRIC_ACTION_2XX, problem->status);
    response_problem(req, problem);
}

static void on_answer(struct query *query)
{
    struct action *action = H2O_STRUCT_FROM_MEMBER(struct action, query, query);
    struct problem problem;

    if (action->holder != NULL)
        *action->holder = NULL;
    if (query->outcome != POOL_OK) {
        explain(action, &problem);
        if (action->req != NULL)
            refuse(action->req, &problem);
    } else if (action->req != NULL) {
        answer_send(action->req, query->result);
        query->result = NULL;
    }
    dispose(action);
}

static void submit(struct action *action)
{
    struct pool_job *job = &action->query.job;

    snprintf(action->route_id, sizeof(action->route_id), "%d", action->call->route->id);
    *job = (struct pool_job){
        .sql = "select status::text, head, bytes from crier.act($1, $2, $3, $4, $5)",
        .value_count = 5,
        .values = {action->route_id, action->call->arguments, action->body.form,
                   action->body.octets == NULL ? "" : action->body.octets, action->headers},
        .lengths = {0, 0, 0, (int)action->body.length, 0},
        .formats = {0, 0, 0, 1, 0},
        .result_format = 1,
        .write = true,
    };
    action->query.done = on_answer;
    metric_add(METRIC_ACTIONS, 1);
    query_run(&action->query, worker_of(action->req));
}

void action_start(h2o_req_t *req, struct call *call)
{
    struct problem problem;
    struct action *action = must_alloc(sizeof(*action));

    action->req = req;
    action->call = call_ref(call);
    action->headers = request_headers_json(req, ACTION_MAX_HEADERS);
    if (action->headers == NULL) {
        problem_set(&problem, 431, "Request header fields too large", NULL);
    } else if (body_take(&action->body, call->route, request_header(req, "content-type"), req->entity,
                         &problem)) {
        action->holder = h2o_mem_alloc_shared(&req->pool, sizeof(*action->holder), on_request_disposed);
        *action->holder = action;
        submit(action);
        return;
    }
    refuse(req, &problem);
    dispose(action);
}
