/* body.h -- what a request's body brings to a write.
 *
 * What is in JSON is PostgreSQL's to say: here the octets are only checked to be text, and passed on.
 * A form is decoded here, into a JSON object of text (or arrays of text, where a field is repeated),
 * and only the fields that the route has a parameter for. Total functions over hostile octets;
 * nothing here recurses.
 *
 * What is passed on is a copy, because a write goes on when its client has gone. It counts in the
 * budget for all bodies as long as it lives, or those who upload and leave could fill the queue.
 */
#ifndef PGCRIER_BODY_H
#define PGCRIER_BODY_H

#include <h2o.h>
#include "problem.h"
#include "route.h"

enum { FORM_MAX_FIELDS = 1000 }; /* more: 400 */

enum media { MEDIA_JSON, MEDIA_FORM, MEDIA_OTHER };

/* Of a content type, whatever its case and parameters. application/…+json is JSON, too. */
enum media body_media(const char *type, size_t length);

struct body {
    char *octets;  /* a copy, which outlives the request; NULL when there is nothing to pass on */
    size_t length;
    char *form;    /* JSON text of a form's fields; NULL when it is none */
    size_t counted; /* in the budget */
};

/* Returns false and sets the problem when the route cannot use the body. */
bool body_take(struct body *body, const struct route *route, h2o_iovec_t type, h2o_iovec_t entity,
               struct problem *problem);
void body_dispose(struct body *body);

#endif
