/* problem.c -- see problem.h. */
#include "problem.h"

#include <stdio.h>
#include <string.h>

/* Copies UTF-8, cut before the character that does not fit. */
static void copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);

    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xc0) == 0x80)
            --length;
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

void problem_set(struct problem *p, int status, const char *title, const char *detail)
{
    p->status = status;
    p->in_doubt = false;
    copy(p->title, sizeof(p->title), title);
    copy(p->detail, sizeof(p->detail), detail == NULL ? "" : detail);
}

/* SQLSTATE 'PT402' means status 402; 0 when it is not of that kind. */
static int chosen_status(const char *sqlstate)
{
    int status = 0;

    if (strncmp(sqlstate, "PT", 2) != 0)
        return 0;
    for (const char *c = sqlstate + 2; *c != '\0'; ++c) {
        if (*c < '0' || *c > '9')
            return 0;
        status = status * 10 + (*c - '0');
    }
    return status >= 400 && status <= 599 ? status : 0;
}

struct meaning {
    const char *prefix; /* of the SQLSTATE */
    int status;
    const char *title;
};

static const struct meaning of_all[] = {
    {"08", 503, "The database is away"},
    {"53", 503, "The database is out of resources"},
    {"57P", 503, "The database is away"},
    {"57014", 503, "The query took too long"},
    {NULL, 0, NULL},
};

static const struct meaning of_actions[] = {
    {"23505", 409, "It is there already"},
    {"23P01", 409, "It conflicts with what is there"},
    {"23502", 422, "A value is missing"},
    {"23503", 422, "It refers to what is not there, or is referred to"},
    {"23514", 422, "A value is not allowed"},
    {"22001", 422, "A text is too long"},
    {"40001", 503, "It met other writes at the same time, and was undone"},
    {"40P01", 503, "It met other writes at the same time, and was undone"},
    {"55P03", 503, "Somebody else is writing there"},
    {NULL, 0, NULL},
};

static bool set_from(struct problem *p, const struct meaning *table, const char *sqlstate)
{
    for (; table->prefix != NULL; ++table) {
        if (strncmp(sqlstate, table->prefix, strlen(table->prefix)) == 0) {
            problem_set(p, table->status, table->title, NULL);
            return true;
        }
    }
    return false;
}

static void set_failed(struct problem *p)
{
    problem_set(p, 500, "The function of this route failed", "The server's log and crier.explain(path) say why.");
}

void problem_from_sqlstate(struct problem *p, const char *sqlstate, const char *message, const char *detail)
{
    int status = chosen_status(sqlstate);

    if (status != 0)
        problem_set(p, status, message, detail);
    else if (!set_from(p, of_all, sqlstate))
        set_failed(p);
}

void problem_from_action(struct problem *p, const char *sqlstate, const char *message, const char *detail)
{
    int status = chosen_status(sqlstate);

    if (status != 0)
        problem_set(p, status, message, detail);
    else if (!set_from(p, of_actions, sqlstate) && !set_from(p, of_all, sqlstate))
        set_failed(p);
}

void problem_write(const struct problem *p, struct buffer *b)
{
    buffer_puts(b, "{\"type\":\"about:blank\",\"title\":");
    buffer_json_string(b, p->title, strlen(p->title));
    buffer_printf(b, ",\"status\":%d", p->status);
    if (p->detail[0] != '\0') {
        buffer_puts(b, ",\"detail\":");
        buffer_json_string(b, p->detail, strlen(p->detail));
    }
    buffer_puts(b, "}\n");
}
