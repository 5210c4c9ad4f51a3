/* origin.c -- see origin.h. */
#include "origin.h"

#include <ctype.h>
#include <string.h>

#include "buffer.h"
#include "response.h"

#define ALLOWED_HEADERS "content-type, last-event-id, if-none-match"
#define EXPOSED_HEADERS "ETag, Location"
#define MAX_AGE "7200" /* [s] what Chromium takes at most */

static bool is_host_octet(char c)
{
    return isalnum((unsigned char)c) || strchr("-._:[]", c) != NULL;
}

/* The scheme's own port is not spelled. */
static void drop_port(char *origin)
{
    const char *port = strncmp(origin, "https:", 6) == 0 ? ":443" : strncmp(origin, "http:", 5) == 0 ? ":80" : NULL;
    size_t length = strlen(origin);

    if (port != NULL && length > strlen(port) && strcmp(origin + length - strlen(port), port) == 0)
        origin[length - strlen(port)] = '\0';
}

char *origin_parse(const char *text)
{
    const char *host = strstr(text, "://");
    char *origin;

    if (strcmp(text, "*") == 0)
        return must_strdup(text);
    if (host == NULL || host == text || host[3] == '\0')
        return NULL;
    for (const char *c = text; c < host; ++c) {
        if (!isalnum((unsigned char)*c) && strchr("+-.", *c) == NULL)
            return NULL;
    }
    for (const char *c = host + 3; *c != '\0'; ++c) {
        if (!is_host_octet(*c))
            return NULL;
    }
    origin = must_strdup(text);
    h2o_strtolower(origin, strlen(origin));
    drop_port(origin);
    return origin;
}

/* What Access-Control-Allow-Origin says: NULL, "*", or the origin itself. */
static const char *allowed(const struct options *options, h2o_iovec_t origin)
{
    const char *result = NULL;

    for (size_t i = 0; i < options->allow_origin_count; ++i) {
        const char *candidate = options->allow_origin[i];
        if (h2o_memis(candidate, strlen(candidate), origin.base, origin.len))
            return candidate;
        if (strcmp(candidate, "*") == 0)
            result = candidate;
    }
    return result;
}

static void add(h2o_req_t *req, const char *name, const char *value)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 1, NULL, value, strlen(value));
}

/* The answer to one origin is not the answer to another. */
static bool varies(const struct options *options)
{
    return options->allow_origin_count > 1 ||
           (options->allow_origin_count == 1 && strcmp(options->allow_origin[0], "*") != 0);
}

static bool is_method(const h2o_req_t *req, const char *method)
{
    return h2o_memis(req->method.base, req->method.len, method, strlen(method));
}

static bool is_write(const h2o_req_t *req)
{
    return !is_method(req, "GET") && !is_method(req, "HEAD") && !is_method(req, "OPTIONS");
}

int origin_check(h2o_req_t *req, const struct options *options)
{
    h2o_iovec_t origin = request_header(req, "origin"), site;
    const char *answer = origin.base == NULL ? NULL : allowed(options, origin);

    if (varies(options))
        add(req, "vary", "Origin");
    if (answer != NULL) {
        add(req, "access-control-allow-origin", answer);
        add(req, "access-control-expose-headers", EXPOSED_HEADERS);
        if (strcmp(answer, "*") != 0)
            add(req, "access-control-allow-credentials", "true");
        return 0;
    }
    if (!is_write(req))
        return 0;
    site = request_header(req, "sec-fetch-site");
    return h2o_memis(site.base, site.len, H2O_STRLIT("cross-site")) ? -1 : 0;
}

int origin_preflight(h2o_req_t *req, const struct options *options, const char *allow)
{
    h2o_iovec_t origin = request_header(req, "origin");

    if (!is_method(req, "OPTIONS") || origin.base == NULL ||
        request_header(req, "access-control-request-method").base == NULL || allowed(options, origin) == NULL)
        return -1;
    add(req, "access-control-allow-methods", h2o_strdup(&req->pool, allow, strlen(allow)).base);
    add(req, "access-control-allow-headers", ALLOWED_HEADERS);
    add(req, "access-control-max-age", MAX_AGE);
    req->res.status = 204;
    req->res.reason = "No Content";
    req->res.content_length = 0;
    h2o_send_inline(req, "", 0);
    return 0;
}
