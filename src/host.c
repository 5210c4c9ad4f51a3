/* host.c -- see host.h. */
#include "host.h"

#include <string.h>

#include "buffer.h"

/* How much of NAME[:PORT] is the name. */
static size_t name_length(const char *text, size_t length)
{
    const char *end = length != 0 && text[0] == '[' ? memchr(text, ']', length) : NULL;
    const char *colon = memchr(end == NULL ? text : end, ':', end == NULL ? length : length - (size_t)(end - text));

    return colon == NULL ? length : (size_t)(colon - text);
}

char *host_parse(const char *text)
{
    static const char octets[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    size_t length = strlen(text);
    bool is_ipv6 = length > 2 && text[0] == '[' && strspn(text + 1, "0123456789abcdefABCDEF:.") == length - 2 &&
                   text[length - 1] == ']';
    char *name;

    if (!is_ipv6 && (length == 0 || strspn(text, octets) != length))
        return NULL;
    name = must_strdup(text);
    h2o_strtolower(name, length);
    return name;
}

bool host_is_served(const struct options *options, h2o_iovec_t authority)
{
    size_t length = authority.len == 0 ? 0 : name_length(authority.base, authority.len);

    for (size_t i = 0; i < options->host_count; ++i) {
        if (length == strlen(options->host[i]) && h2o_lcstris(authority.base, length, options->host[i], length))
            return true;
    }
    return options->host_count == 0;
}
