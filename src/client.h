/* client.h -- who a client is, and how much one address may have open.
 *
 * A client is the address of its connection. Where that is a trusted proxy's, it is what the proxy
 * says: the last address of X-Forwarded-For (of Forwarded, where there is no X-Forwarded-For) that is
 * not itself a trusted proxy's. Whatever stands before it is the client's own invention.
 *
 * One table for all workers counts connections and streams of each address, an IPv6 /64 being one.
 * A connection of a trusted proxy is not counted; instead each request in progress counts as a
 * connection of the client that it is forwarded for. What a proxy asks for itself is not counted.
 * Over the limit a connection is closed at once, a request gets 503, and a stream is told to come
 * back later.
 *
 * An address whose connections are ended again and again for what no honest client does is not let in
 * for a while (penalty.h); a trusted proxy always is, for it only passes on what its clients do.
 *
 * Unless a limit is given, the machine's own addresses are exempt from its default: they may be a
 * proxy that nobody told us of.
 */
#ifndef PGCRIER_CLIENT_H
#define PGCRIER_CLIENT_H

#include <h2o.h>
#include <stdbool.h>
#include "network.h"
#include "options.h"
#include "penalty.h"

enum { CLIENT_CONNECTIONS_MAX = 1000, CLIENT_STREAMS_MAX = 1000, CLIENT_CUTS_MAX = 20 };

/* An address that has something open. */
struct client;

struct visitor;

void clients_init(const struct options *options);

/* A connection comes in: sees whose it is. Returns 0, or -1 when its address is not let in now. */
int client_arrived(struct visitor *visitor, int fd);
/* It stays, and counts. Returns 0, or -1 when its address has too many. */
int client_connected(struct visitor *visitor);
void client_disconnected(struct visitor *visitor);

/* It is being ended for what its client did. */
void client_misbehaved(const struct visitor *visitor, enum penalty_weight weight);

/* The address that asks. Returns 0, or -1 when there is none: a local client or a proxy itself. */
int client_ip(h2o_req_t *req, struct ip *ip);

/* A request begins; it ends with its memory. Returns 0, or -1 when its address, behind a proxy, has
 * too many in progress. */
int client_requested(h2o_req_t *req);

/* A stream begins: sets *client to what must be given to client_stream_closed(). Returns 0, or -1
 * when its address has too many. */
int client_stream_opened(h2o_req_t *req, struct client **client);
void client_stream_closed(struct client *client); /* NULL is fine */

#endif
