/* response.h -- answers: documents, problems, and the headers of a stream.
 *
 * Every answer of a route says Vary: Accept, because one URL yields JSON or a stream. The request
 * may be gone when one of these returns.
 */
#ifndef PGCRIER_RESPONSE_H
#define PGCRIER_RESPONSE_H

#include <h2o.h>
#include "frame.h"
#include "problem.h"

/* 200 with the document, 304 when the client has it, headers alone for HEAD. Takes the reference. */
void response_document(h2o_req_t *req, struct frame *frame);
void response_problem(h2o_req_t *req, const struct problem *problem);
/* For those who make their own answer. `name` is in lower case and lives as long as the request; the
 * value is copied. */
void response_set_status(h2o_req_t *req, int status);
void response_header(h2o_req_t *req, const char *name, size_t name_length, const char *value, size_t length);
/* 405, with Allow. */
void response_not_allowed(h2o_req_t *req, const char *allow);
/* Sets the headers of a stream; status and body are the sink's. */
void response_stream_headers(h2o_req_t *req);
/* What HEAD gets of a stream: those headers alone. */
void response_stream_head(h2o_req_t *req);
/* A small text, as it is (for --admin). */
void response_text(h2o_req_t *req, int status, const char *type, const char *text, size_t length);
/* The value of a request header, empty (base NULL) without it; name in lower case. Several fields of
 * that name are one list (RFC 9110, 5.3). */
h2o_iovec_t request_header(h2o_req_t *req, const char *name);

#endif
