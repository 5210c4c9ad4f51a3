/* body.c -- see body.h. */
#include "body.h"

#include <stdlib.h>
#include <string.h>

#include "bodies.h"

static bool is_token(const char *text, size_t length, const char *token)
{
    return h2o_lcstris(text, length, token, strlen(token));
}

enum media body_media(const char *type, size_t length)
{
    const char *parameters = length == 0 ? NULL : memchr(type, ';', length);

    if (parameters != NULL)
        length = (size_t)(parameters - type);
    for (; length > 0 && (type[0] == ' ' || type[0] == '\t'); ++type)
        --length;
    while (length > 0 && (type[length - 1] == ' ' || type[length - 1] == '\t'))
        --length;
    if (is_token(type, length, "application/json"))
        return MEDIA_JSON;
    if (is_token(type, length, "application/x-www-form-urlencoded"))
        return MEDIA_FORM;
    if (length > 17 && is_token(type, 12, "application/") && is_token(type + length - 5, 5, "+json"))
        return MEDIA_JSON;
    return MEDIA_OTHER;
}

/* --- forms ----------------------------------------------------------------------------------- */

/* A field that the route has a parameter for; they make a list in the order of the form. */
struct field {
    const struct route_parameter *parameter;
    const char *value;
    size_t length;
};

struct form {
    const struct route *route;
    struct field field[FORM_MAX_FIELDS];
    size_t count, seen;
};

/* Decodes "name=value" in place; there is a NUL's room behind it. */
static const char *add_field(struct form *form, char *at, size_t length)
{
    char *equal = memchr(at, '=', length);
    size_t name_length = equal == NULL ? length : (size_t)(equal - at);
    char *value = equal == NULL ? at + length : equal + 1;
    size_t value_length = (size_t)(at + length - value);
    const struct route_parameter *parameter;

    if (form->seen++ == FORM_MAX_FIELDS)
        return "The form has too many fields";
    if (!path_decode(value, &value_length, true) || !path_decode(at, &name_length, true))
        return "The form is not valid UTF-8, or has a wrong escape";
    parameter = route_parameter_named(form->route, at, name_length);
    if (parameter != NULL && !parameter->in_path)
        form->field[form->count++] =
            (struct field){parameter, equal == NULL ? "" : value, value_length};
    return NULL;
}

/* All values of one parameter: a string, or an array of them. */
static void write_values(struct buffer *json, const struct form *form, const struct route_parameter *parameter,
                         size_t times)
{
    const char *comma = times > 1 ? "[" : "";

    for (size_t i = 0; i < form->count; ++i) {
        if (form->field[i].parameter != parameter)
            continue;
        buffer_puts(json, comma);
        buffer_json_string(json, form->field[i].value, form->field[i].length);
        comma = ",";
    }
    if (times > 1)
        buffer_puts(json, "]");
}

static void write_form(struct buffer *json, const struct form *form)
{
    const char *comma = "{";

    for (size_t p = 0; p < form->route->parameter_count; ++p) {
        const struct route_parameter *parameter = &form->route->parameters[p];
        size_t times = 0;
        for (size_t i = 0; i < form->count; ++i)
            times += form->field[i].parameter == parameter;
        if (times == 0)
            continue;
        buffer_puts(json, comma);
        buffer_json_string(json, parameter->name, strlen(parameter->name));
        buffer_puts(json, ":");
        write_values(json, form, parameter, times);
        comma = ",";
    }
    buffer_puts(json, comma[0] == '{' ? "{}" : "}");
}

/* Whoever writes a form encodes these: it is JSON under the wrong name, as curl -d sends it, and taken for a
 * form it would name no parameter, so that all that it says were lost. */
static bool looks_like_json(h2o_iovec_t entity)
{
    size_t at = 0;

    while (at < entity.len && strchr(" \t\r\n", entity.base[at]) != NULL && entity.base[at] != '\0')
        ++at;
    return at < entity.len && (entity.base[at] == '{' || entity.base[at] == '[');
}

static bool take_form(struct body *body, const struct route *route, h2o_iovec_t entity,
                      struct problem *problem)
{
    struct form *form;
    char *text, *end;
    const char *wrong = NULL;
    struct buffer json;

    if (looks_like_json(entity)) {
        problem_set(problem, 415, "Unsupported media type",
                    "The body came as a form, and is none: JSON needs Content-Type: application/json");
        return false;
    }
    form = must_alloc(sizeof(*form));
    text = must_strndup(entity.base, entity.len);
    end = text + entity.len;
    form->route = route;
    for (char *at = text, *stop; at < end && wrong == NULL; at = stop + 1) {
        stop = memchr(at, '&', (size_t)(end - at));
        if (stop == NULL)
            stop = end;
        if (stop > at)
            wrong = add_field(form, at, (size_t)(stop - at));
    }
    if (wrong != NULL) {
        problem_set(problem, 400, "Bad request", wrong);
    } else {
        buffer_init(&json, SIZE_MAX / 2); /* six times the body at most, and the names */
        write_form(&json, form);
        body->form = buffer_steal(&json, NULL);
    }
    free(text);
    free(form);
    return wrong == NULL;
}

/* --- bodies ---------------------------------------------------------------------------------- */

static bool take_text(struct body *body, h2o_iovec_t entity, struct problem *problem)
{
    if (memchr(entity.base, '\0', entity.len) != NULL || !utf8_is_valid(entity.base, entity.len)) {
        problem_set(problem, 400, "Bad request", "The body is not valid UTF-8");
        return false;
    }
    body->octets = must_strndup(entity.base, entity.len);
    body->length = entity.len;
    return true;
}

static bool count(struct body *body, size_t octets, struct problem *problem)
{
    if (bodies_take(octets) != 0) {
        problem_set(problem, 503, "Too much is being uploaded", NULL);
        return false;
    }
    body->counted = octets;
    return true;
}

bool body_take(struct body *body, const struct route *route, h2o_iovec_t type, h2o_iovec_t entity,
               struct problem *problem)
{
    enum media media = body_media(type.base, type.len);

    *body = (struct body){NULL, 0, NULL, 0};
    if (route->body == BODY_IGNORED || entity.len == 0)
        return true;
    if (!count(body, entity.len, problem))
        return false;
    if (route->body == BODY_OCTETS) {
        body->octets = must_strndup(entity.base, entity.len);
        body->length = entity.len;
        return true;
    }
    if (media == MEDIA_JSON)
        return take_text(body, entity, problem);
    if (media == MEDIA_FORM && route->body == BODY_NAMED)
        return take_form(body, route, entity, problem);
    problem_set(problem, 415, "Unsupported media type",
                route->body == BODY_NAMED
                    ? "Send application/json or application/x-www-form-urlencoded"
                    : "Send application/json");
    return false;
}

void body_dispose(struct body *body)
{
    free(body->octets);
    free(body->form);
    bodies_give(body->counted);
    *body = (struct body){NULL, 0, NULL, 0};
}
