/* answer.h -- what an action answers: a status, headers and octets that SQL chose.
 *
 * crier.act() refuses what cannot be sent; it is looked at once more here, because a header that
 * ends early would let its rest be taken for another.
 */
#ifndef PGCRIER_ANSWER_H
#define PGCRIER_ANSWER_H

#include <h2o.h>
#include <libpq-fe.h>

/* `result` is a row of crier.act(), in binary: status as text, headers as lines "name:value", octets.
 * Takes it. The request may be gone when this returns. */
void answer_send(h2o_req_t *req, PGresult *result);
/* Whether a header's value may be sent: no control characters. */
int answer_is_value(const char *value, size_t length);

#endif
