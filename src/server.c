/* server.c -- see server.h. */
#include "server.h"

#include <stdio.h>
#include <string.h>

#include "activation.h"
#include "admin.h"
#include "files.h"
#include "front.h"
#include "log.h"
#include "plain.h"
#include "router.h"
#include "tls.h"
#include "turn.h"

enum {
    REQUEST_TIMEOUT_MS = 24 * 3600 * 1000, /* the patrol sees to it, by a clock that nobody sets */
};

static int open_one(struct listening *listening, const struct address *address, enum listening_kind kind,
                    size_t i, const struct options *options, char *err, size_t err_size)
{
    if (activation_count(kind) != 0)
        return listening_adopt(listening, activation_fd(kind, i), kind, err, err_size);
    return listening_open(listening, address, kind, options->reuse_port && kind != LISTENING_ADMIN, err, err_size);
}

/* Opens all of one kind: what was passed, or else what the options say. */
static int open_all(struct listening *listening, size_t *count, const struct address *address, size_t n,
                    enum listening_kind kind, const struct options *options, char *err, size_t err_size)
{
    if (activation_count(kind) != 0)
        n = activation_count(kind) < OPTIONS_MAX_LISTEN ? activation_count(kind) : OPTIONS_MAX_LISTEN;
    for (; *count < n; ++*count) {
        if (open_one(&listening[*count], &address[*count], kind, *count, options, err, err_size) != 0)
            return -1;
        log_notice("%s on %s%s", kind == LISTENING_ADMIN ? "admin" : "listening", listening[*count].url,
                   listening[*count].everywhere ? ", and on all other addresses of this machine" : "");
    }
    return 0;
}

static int open_listening(struct server *server, const struct options *options, char *err, size_t err_size)
{
    if (open_all(server->listening, &server->listening_count, options->listen, options->listen_count,
                 LISTENING_PLAIN, options, err, err_size) != 0 ||
        open_all(server->tls_listening, &server->tls_count, options->tls_listen, options->tls_listen_count,
                 LISTENING_TLS, options, err, err_size) != 0)
        return -1;
    return open_all(server->admin, &server->admin_count, options->admin, options->admin_count, LISTENING_ADMIN,
                    options, err, err_size);
}

int server_reload(struct server *server, const struct options *options, char *err, size_t err_size)
{
    SSL_CTX *tls;

    if (options->tls_cert == NULL || options->tls_key == NULL) {
        snprintf(err, err_size, "--tls-listen needs --tls-cert and --tls-key");
        return -1;
    }
    if ((tls = tls_load(options->tls_cert, options->tls_key, err, err_size)) == NULL)
        return -1;
    SSL_CTX_free(server->tls);
    server->tls = tls;
    return 0;
}

int server_init(struct server *server, const struct options *options, char *err, size_t err_size)
{
    h2o_globalconf_t *config = &server->config;
    h2o_pathconf_t *path;

    memset(server, 0, sizeof(*server));
    h2o_config_init(config);
    config->server_name = h2o_iovec_init(H2O_STRLIT("pgcrier"));
    config->http1.upgrade_to_http2 = 0;
    config->http2.callbacks = (h2o_protocol_callbacks_t){NULL, NULL}; /* that engine has no connection, ever */
    config->http1.req_timeout = REQUEST_TIMEOUT_MS;
    config->max_request_entity_size = options->max_body;

    /* A host or path pointer is good until the next registration: one after the other. */
    server->host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    path = h2o_config_register_path(server->host, *options->prefix == '\0' ? "/" : options->prefix, 0);
    plain_register(&server->host->fallback_path);
    turn_register(&server->host->fallback_path);
    plain_register(path);
    turn_register(path);
    front_register(path);
    router_register(path);
    if (options->public_dir != NULL && files_register(path, options->public_dir, err, err_size) != 0)
        return -1;
    router_register_last(path);
    if (*options->prefix != '\0') {
        path = h2o_config_register_path(server->host, "/", 0);
        turn_register(path);
        front_register(path);
        router_register_last(path);
    }
    if (options->admin_count + activation_count(LISTENING_ADMIN) != 0) {
        server->admin_host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("admin")), 65535);
        admin_register(h2o_config_register_path(server->admin_host, "/", 0));
    }
    if (options->tls_listen_count + activation_count(LISTENING_TLS) != 0 &&
        server_reload(server, options, err, err_size) != 0)
        return -1;
    return open_listening(server, options, err, err_size);
}

static void for_each(struct server *server, void (*action)(struct listening *))
{
    for (size_t i = 0; i < server->listening_count; ++i)
        action(&server->listening[i]);
    for (size_t i = 0; i < server->tls_count; ++i)
        action(&server->tls_listening[i]);
    for (size_t i = 0; i < server->admin_count; ++i)
        action(&server->admin[i]);
}

void server_hand_over(struct server *server)
{
    for_each(server, listening_hand_over);
}

void server_is_ready(struct server *server)
{
    for_each(server, listening_is_ready);
}

void server_unlink(struct server *server)
{
    for_each(server, listening_unlink);
}
