/* bodies.c -- see bodies.h. */
#include "bodies.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

static _Atomic int64_t held;
static int64_t budget = INT64_MAX;

void bodies_init(size_t octets)
{
    budget = (int64_t)octets;
}

int bodies_take(size_t octets)
{
    if (octets > (size_t)budget)
        return -1;
    if (atomic_fetch_add(&held, (int64_t)octets) + (int64_t)octets <= budget)
        return 0;
    bodies_give(octets);
    return -1;
}

void bodies_give(size_t octets)
{
    atomic_fetch_sub(&held, (int64_t)octets);
}

size_t bodies_adjust(int64_t octets)
{
    int64_t now = atomic_fetch_add(&held, octets) + octets;
    return now > budget ? (size_t)(now - budget) : 0;
}

size_t bodies_held(void)
{
    return (size_t)atomic_load(&held);
}

/* --- who holds them ---------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the reports */
static struct bodies_report *reports;

static void replace(struct bodies_report *report, struct bodies_holder *holder, size_t count)
{
    struct bodies_report **at = &reports;

    while (*at != NULL && *at != report)
        at = &(*at)->next;
    if (*at == NULL)
        *at = report; /* once for each worker, and for ever */
    free(report->holder);
    report->holder = holder;
    report->count = count;
}

void bodies_tell(struct bodies_report *report, struct bodies_holder *holder, size_t count)
{
    pthread_mutex_lock(&lock);
    replace(report, holder, count);
    pthread_mutex_unlock(&lock);
}

void bodies_refused(struct bodies_report *report, const struct ip *ip, size_t octets)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < report->count; ++i) {
        if (memcmp(&report->holder[i].ip, ip, sizeof(*ip)) == 0)
            report->holder[i].octets -= octets;
    }
    pthread_mutex_unlock(&lock);
    metric_add(METRIC_REFUSED_BODIES, 1);
}

static size_t held_by(const struct ip *ip)
{
    size_t octets = 0;

    for (struct bodies_report *r = reports; r != NULL; r = r->next) {
        for (size_t i = 0; i < r->count; ++i)
            octets += memcmp(&r->holder[i].ip, ip, sizeof(*ip)) == 0 ? r->holder[i].octets : 0;
    }
    return octets;
}

/* Only an address that holds most somewhere can hold most of all, or nearly so; to look at each
 * worker's largest alone keeps this short when there are thousands. */
int bodies_largest(struct ip *ip)
{
    size_t most = 0;

    pthread_mutex_lock(&lock);
    for (struct bodies_report *r = reports; r != NULL; r = r->next) {
        size_t largest = 0;
        for (size_t i = 1; i < r->count; ++i)
            largest = r->holder[i].octets > r->holder[largest].octets ? i : largest;
        if (r->count != 0 && held_by(&r->holder[largest].ip) > most) {
            *ip = r->holder[largest].ip;
            most = held_by(ip);
        }
    }
    pthread_mutex_unlock(&lock);
    return most == 0 ? -1 : 0;
}
