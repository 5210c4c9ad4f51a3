/* files.h -- the static files of --public, and nothing outside that directory.
 *
 * libh2o's file handler does the work: ETag, ranges, precompressed .gz, indexes. It follows symbolic
 * links wherever they lead; a guard before it refuses what really lies outside.
 */
#ifndef PGCRIER_FILES_H
#define PGCRIER_FILES_H

#include <h2o.h>

/* Registers the directory on a path. Returns 0, or -1 with one clear line in `err`. */
int files_register(h2o_pathconf_t *path, const char *directory, char *err, size_t err_size);

#endif
