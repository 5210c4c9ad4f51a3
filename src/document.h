/* document.h -- GET of a live document: as JSON, or as a stream.
 *
 * A JSON GET asks the core and is answered by a read that began after it. A stream subscribes at
 * the hub; only where the client's spelling is not canonical does it first ask for its key, and begins
 * meanwhile if that takes long.
 */
#ifndef PGCRIER_DOCUMENT_H
#define PGCRIER_DOCUMENT_H

#include <h2o.h>
#include "route.h"

/* GET or HEAD. With `stream_headers`, a HEAD is answered as its GET would be: a stream's headers. */
void document_get(h2o_req_t *req, struct call *call, bool stream_headers);
void document_stream(h2o_req_t *req, struct call *call, const char *seen);

#endif
