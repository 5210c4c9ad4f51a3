/* fuzz_path.c -- a template, a blank, a path, '?' and a query: what matches has a canonical
 * spelling, which divides into the same values and fits the template as a topic. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes the path as its key would be: literals as declared, values encoded. */
static void spell_again(const struct path_template *t, const struct path_segments *s)
{
    struct path_segments again;
    struct buffer b;
    size_t values[PATH_MAX_SEGMENTS], unused[PATH_MAX_SEGMENTS];
    if (!path_template_match(t, s, values))
        return;
    buffer_init(&b, SIZE_MAX - 1);
    for (size_t i = 0, next = 0; i < s->count; i++) {
        bool value = next < path_template_parameters(t) && values[next] == i;
        buffer_puts(&b, "/");
        if (value)
            path_encode(&b, s->segment[i].text, s->segment[i].length), next++;
        else
            buffer_append(&b, s->segment[i].text, s->segment[i].length);
    }
    assert(path_split(&again, b.bytes, b.length) == PATH_OK && again.count == s->count);
    for (size_t i = 0; i < s->count; i++)
        assert(strcmp(again.segment[i].text, s->segment[i].text) == 0);
    assert(path_template_match(t, &again, unused) && path_template_fits(t, b.bytes, b.length));
    path_segments_dispose(&again);
    buffer_dispose(&b);
}

static void check_query(const char *text, size_t length)
{
    struct path_query q;
    if (path_query_parse(&q, text, length) == PATH_OK)
        for (size_t i = 0; i < q.count; i++) {
            assert(strlen(q.pair[i].name) == q.pair[i].name_length);
            assert(strlen(q.pair[i].value) == q.pair[i].value_length);
            assert(utf8_is_valid(q.pair[i].value, q.pair[i].value_length));
        }
    path_query_dispose(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = must_strndup((const char *)data, size), *path = copy;
    const char *template = strsep(&path, " "), *err = NULL;
    struct path_template *t = path_template_parse(template, &err);
    assert((t == NULL) == (err != NULL));
    assert(t == NULL || path_template_compare(t, t) == 0);
    if (path != NULL) {
        size_t length = size - (size_t)(path - copy), target = strcspn(path, "?");
        struct path_segments s;
        if (path_split(&s, path, target) == PATH_OK && t != NULL)
            spell_again(t, &s);
        path_segments_dispose(&s);
        check_query(path + target, length - target);
    }
    path_template_free(t);
    free(copy);
    return 0;
}
