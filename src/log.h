/* log.h -- one line per event, on stderr.
 *
 * A line is one write(2), so that lines of several threads never mix. Control characters in what
 * is logged are escaped: a client cannot forge a line. A closed or full stderr is ignored.
 */
#ifndef PGCRIER_LOG_H
#define PGCRIER_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_DEBUG };

void log_set_level(enum log_level level); /* default LOG_NOTICE */
/* Returns 0, or -1 when the name is not one of error, warning, notice, debug. */
int log_level_from_name(const char *name, enum log_level *level);
/* "pgcrier: listening on …"; errors and warnings say so: "pgcrier: error: …". At most 2,000 octets;
 * a line that stderr does not take at once is dropped. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
