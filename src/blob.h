/* blob.h -- GET of octets, window by window.
 *
 * However large a blob is, a reader of it costs one window of memory: BLOB_WINDOW octets are read from
 * the database, written, and only then forgotten for the next. No transaction stays open meanwhile, so
 * the blob may change under the reader. The first query tells what it is: its length, its ETag, and a
 * hash of each window (or the route has a function that tells a version); each window is read under
 * the condition that it is still that. When it is not, the connection is ended rather than the rest of
 * another blob sent.
 */
#ifndef PGCRIER_BLOB_H
#define PGCRIER_BLOB_H

#include <h2o.h>
#include "route.h"

enum {
    BLOB_WINDOW = 131072,   /* octets; crier.blob_slice() knows the same */
    BLOB_HASH = 16,         /* octets of a window's hash */
    BLOB_ETAG = 24,         /* characters */
    BLOB_TRIES = 3,         /* beginnings, when it changes before its first octet; then 503 */
};

/* GET or HEAD; answers the request, now or later. */
void blob_start(h2o_req_t *req, struct call *call);

#endif
