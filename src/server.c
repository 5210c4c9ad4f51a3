/* server.c -- see server.h. */
#include "server.h"

#include <string.h>

#include "admin.h"
#include "files.h"
#include "front.h"
#include "log.h"
#include "router.h"

enum {
    REQUEST_TIMEOUT_MS = 10000,       /* head and body; also how long an idle connection is kept */
};

static int open_all(struct listening *listening, size_t *count, const struct address *address, size_t n,
                    bool admin, char *err, size_t err_size)
{
    for (; *count < n; ++*count) {
        if (listening_open(&listening[*count], &address[*count], admin, err, err_size) != 0)
            return -1;
        log_notice("%s on %s", admin ? "admin" : "listening", listening[*count].url);
    }
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
    config->http1.req_timeout = REQUEST_TIMEOUT_MS;
    config->max_request_entity_size = options->max_body;

    /* A host or path pointer is good until the next registration: one after the other. */
    server->host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    path = h2o_config_register_path(server->host, *options->prefix == '\0' ? "/" : options->prefix, 0);
    front_register(path);
    router_register(path);
    if (options->public_dir != NULL && files_register(path, options->public_dir, err, err_size) != 0)
        return -1;
    router_register_last(path);
    if (*options->prefix != '\0') {
        path = h2o_config_register_path(server->host, "/", 0);
        front_register(path);
        router_register_last(path);
    }
    if (options->admin_count != 0) {
        server->admin_host = h2o_config_register_host(config, h2o_iovec_init(H2O_STRLIT("admin")), 65535);
        admin_register(h2o_config_register_path(server->admin_host, "/", 0));
    }
    if (open_all(server->listening, &server->listening_count, options->listen, options->listen_count, false,
                 err, err_size) != 0)
        return -1;
    return open_all(server->admin, &server->admin_count, options->admin, options->admin_count, true, err,
                    err_size);
}

static void for_each(struct server *server, void (*action)(struct listening *))
{
    for (size_t i = 0; i < server->listening_count; ++i)
        action(&server->listening[i]);
    for (size_t i = 0; i < server->admin_count; ++i)
        action(&server->admin[i]);
}

void server_hand_over(struct server *server)
{
    for_each(server, listening_hand_over);
}

void server_unlink(struct server *server)
{
    for_each(server, listening_unlink);
}
