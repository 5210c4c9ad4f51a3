/* problem.h -- what went wrong, in the words of RFC 9457 (application/problem+json).
 *
 * A client learns a status and a title; SQL text, constraint names and hints stay in the log. The
 * mapping from SQLSTATE is a table here and nowhere else.
 */
#ifndef PGCRIER_PROBLEM_H
#define PGCRIER_PROBLEM_H

#include "buffer.h"

struct problem {
    int status;      /* 400 … 599; 0 means no problem */
    char title[256]; /* UTF-8, cut at a character */
    char detail[256];
    bool in_doubt;   /* it may have happened all the same: no word of trying again */
};

void problem_set(struct problem *p, int status, const char *title, const char *detail /* may be NULL */);
/* From a database error. `message` and `detail` (NULL: none) are used for PTxyz only, whose author chose them
 * for the client. */
void problem_from_sqlstate(struct problem *p, const char *sqlstate, const char *message, const char *detail);
/* From a database error that a write ran into; crier.act() has converted the arguments before. */
void problem_from_action(struct problem *p, const char *sqlstate, const char *message, const char *detail);
/* Appends the problem document. */
void problem_write(const struct problem *p, struct buffer *b);

#endif
