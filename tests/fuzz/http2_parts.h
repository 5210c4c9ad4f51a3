/* http2_parts.h -- what fuzz_http2 has beside its script: what the client knows, and the application. */
#ifndef PGCRIER_HTTP2_PARTS_H
#define PGCRIER_HTTP2_PARTS_H

#include <h2o.h>
#include <stdbool.h>
#include <stdint.h>

/* --- http2_client.c: what the client knows -------------------------------------------------- */

void fuzz_client_begin(void);
/* Writes a header block that is understood, out of tables; returns its length (below 7,000). */
size_t fuzz_client_request(unsigned what, unsigned with, uint8_t *block);
/* The server has been sent this: it may answer as much. */
void fuzz_client_sent(const uint8_t *octets, size_t length);
/* The server has sent this: it must make sense. */
void fuzz_client_got(const uint8_t *octets, size_t length);

/* --- http2_application.c: how requests are answered ----------------------------------------- */

void fuzz_application_register(h2o_pathconf_t *path);
/* One of the open streams of events goes on: frames, the end, or an abort. */
void fuzz_application_event(unsigned which, unsigned how);
/* One of the requests that wait is answered. */
void fuzz_application_answer(unsigned how);
void fuzz_application_finish(void);
bool fuzz_application_is_idle(void); /* nobody is served, nothing is held */

#endif
