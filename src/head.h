/* head.h -- the head of an HTTP/1 request, as it came.
 *
 * libh2o reads it leniently: of two Content-Lengths it takes the first, it takes a bare LF for the
 * end of a line, and a folded line for a field without a name. A proxy in front may read the same
 * octets in another way, and what one takes for a body is a request to the other (RFC 9112, 11.2).
 * So whatever two readers may disagree on is refused.
 */
#ifndef PGCRIER_HEAD_H
#define PGCRIER_HEAD_H

#include <stddef.h>

/* What is wrong with the head at the beginning of `bytes`, for people; NULL when nothing is. *length
 * is set to the octets of the head. */
const char *head_fault(const char *bytes, size_t size, size_t *length);

#endif
