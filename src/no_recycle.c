/* no_recycle.c -- libh2o's memory without its free lists, for builds with AddressSanitizer.
 *
 * libh2o keeps freed pool chunks, buffers and sockets in per-thread lists and hands them out again,
 * so a stale pointer reads valid memory of somebody else and no sanitizer can tell. These two
 * functions stand in front of the library's own (it calls them through its procedure linkage table;
 * a definition in the program wins), and every chunk really is allocated and really is freed.
 *
 * Compiled only with --enable-asan. Assumes the signatures of libh2o 2.2.5 (h2o/memory.h).
 */
#include <h2o.h>

void *h2o_mem_alloc_recycle(h2o_mem_recycle_t *allocator, size_t sz)
{
    (void)allocator;
    return h2o_mem_alloc(sz);
}

void h2o_mem_free_recycle(h2o_mem_recycle_t *allocator, void *p)
{
    (void)allocator;
    free(p);
}
