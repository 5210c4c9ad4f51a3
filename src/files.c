/* files.c -- see files.h. */
#include "files.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "buffer.h"
#include "problem.h"
#include "response.h"

static const char *const indexes[] = {"index.html", NULL};
static const char *const variants[] = {"", ".gz", ".br"}; /* what SEND_COMPRESSED may open */

struct guard {
    h2o_handler_t handler;
    char *directory; /* as given: it may be a link that a new release moves on */
};

/* A file that is not there is for the file handler to say. One that is no file (a FIFO would stop
 * the loop until somebody writes into it) is nobody's to read. */
static bool is_outside(const char *root, const char *file)
{
    char real[PATH_MAX];
    size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
    struct stat st;

    if (realpath(file, real) == NULL)
        return false;
    if (stat(real, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return true;
    return strncmp(real, root, length) != 0 || (real[length] != '/' && real[length] != '\0');
}

static bool leads_outside(const struct guard *guard, h2o_iovec_t path)
{
    const char *index = path.len != 0 && path.base[path.len - 1] == '/' ? indexes[0] : "";
    char root[PATH_MAX], file[PATH_MAX];

    if (realpath(guard->directory, root) == NULL)
        return true;
    for (size_t i = 0; i < sizeof(variants) / sizeof(*variants); ++i) {
        int length = snprintf(file, sizeof(file), "%s%.*s%s%s", root, (int)path.len, path.base, index,
                              variants[i]);
        if (length < 0 || (size_t)length >= sizeof(file) || is_outside(root, file))
            return true;
    }
    return false;
}

enum { RANGE_DIGITS = 18 }; /* of a number in a range; libh2o's would wrap around */

/* One range, of numbers that fit. */
static bool is_simple_range(h2o_iovec_t value)
{
    size_t digits = 0;

    for (size_t i = 0; i < value.len; ++i) {
        digits = value.base[i] >= '0' && value.base[i] <= '9' ? digits + 1 : 0;
        if (value.base[i] == ',' || digits > RANGE_DIGITS)
            return false;
    }
    return true;
}

/* Two thousand ranges would make a response many times as long as the file, in as many pieces. Whoever
 * wants anything but one gets the whole (RFC 9110, 14.2). */
static void check_range(h2o_req_t *req)
{
    ssize_t at = h2o_find_header(&req->headers, H2O_TOKEN_RANGE, -1);

    if (at == -1 || (is_simple_range(req->headers.entries[at].value) &&
                     h2o_find_header(&req->headers, H2O_TOKEN_RANGE, at) == -1))
        return;
    for (; at != -1; at = h2o_find_header(&req->headers, H2O_TOKEN_RANGE, -1))
        h2o_delete_header(&req->headers, at);
}

/* --- a file that becomes shorter --------------------------------------------------------------- */

/* Its length has been told by then. libh2o 2.2.5 would read its end again and again, a processor's whole time
 * and for ever, for nothing is heard of a client that goes meanwhile (lib/handler/file.c:do_proceed). */
static void do_send(h2o_ostream_t *super, h2o_req_t *req, h2o_iovec_t *bufs, size_t count, h2o_send_state_t state)
{
    size_t octets = 0;

    for (size_t i = 0; i < count; ++i)
        octets += bufs[i].len;
    if (octets == 0 && h2o_send_state_is_in_progress(state))
        h2o_ostream_send_next(super, req, NULL, 0, H2O_SEND_STATE_ERROR);
    else
        h2o_ostream_send_next(super, req, bufs, count, state);
}

static void on_setup_ostream(h2o_req_prefilter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    h2o_ostream_t *stage = h2o_add_ostream(req, sizeof(*stage), slot);

    stage->do_send = do_send;
    h2o_setup_next_prefilter(self, req, &stage->next);
}

static void watch_length(h2o_req_t *req)
{
    h2o_add_prefilter(req, sizeof(h2o_req_prefilter_t))->on_setup_ostream = on_setup_ostream;
}

/* --- what is asked for --------------------------------------------------------------------------- */

/* The path below --prefix. */
static h2o_iovec_t path_in_directory(h2o_req_t *req)
{
    h2o_iovec_t path = req->path_normalized;
    size_t prefix = req->pathconf->path.len;

    if (req->pathconf->path.base[prefix - 1] == '/')
        --prefix;
    return h2o_iovec_init(path.base + prefix, path.len - prefix);
}

static int on_req(h2o_handler_t *self, h2o_req_t *req)
{
    struct problem problem;

    check_range(req);
    if (!leads_outside((struct guard *)self, path_in_directory(req))) {
        watch_length(req);
        return -1;
    }
    problem_set(&problem, 404, "Not found", NULL);
    response_problem(req, &problem);
    return 0;
}

static int add_guard(h2o_pathconf_t *path, const char *directory)
{
    struct guard *guard;
    struct stat st;

    if (stat(directory, &st) != 0 || !S_ISDIR(st.st_mode))
        return -1;
    guard = (struct guard *)h2o_create_handler(path, sizeof(*guard));
    guard->handler.on_req = on_req;
    guard->directory = must_strdup(directory);
    return 0;
}

/* Revalidated at every use: an ETag costs one round trip, a stale page costs trust. */
static void add_headers(h2o_pathconf_t *path)
{
    h2o_headers_command_t *commands = h2o_mem_alloc(2 * sizeof(*commands));

    memset(commands, 0, 2 * sizeof(*commands));
    commands[0].cmd = H2O_HEADERS_CMD_SETIFEMPTY;
    commands[0].name = &H2O_TOKEN_CACHE_CONTROL->buf;
    commands[0].value = (h2o_iovec_t){H2O_STRLIT("no-cache")};
    h2o_headers_register(path, commands);
}

/* What libh2o 2.2.5 does not know; a browser runs no module of another type. */
static h2o_mimemap_t *make_types(h2o_pathconf_t *path)
{
    h2o_mimemap_t *types = h2o_mimemap_clone(path->mimemap);

    h2o_mimemap_define_mimetype(types, "mjs", "text/javascript", NULL);
    h2o_mimemap_define_mimetype(types, "wasm", "application/wasm", NULL);
    h2o_mimemap_define_mimetype(types, "webmanifest", "application/manifest+json", NULL);
    h2o_mimemap_define_mimetype(types, "woff2", "font/woff2", NULL);
    return types;
}

int files_register(h2o_pathconf_t *path, const char *directory, char *err, size_t err_size)
{
    h2o_mimemap_t *types;

    if (add_guard(path, directory) != 0) {
        snprintf(err, err_size, "--public %s: not a directory", directory);
        return -1;
    }
    add_headers(path);
    types = make_types(path);
    h2o_file_register(path, directory, (const char **)indexes, types, H2O_FILE_FLAG_SEND_COMPRESSED);
    h2o_mem_release_shared(types);
    return 0;
}
