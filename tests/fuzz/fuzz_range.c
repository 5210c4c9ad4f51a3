/* fuzz_range.c -- a range that is served lies within the blob; several ranges never are. */
#include <assert.h>
#include <stdint.h>
#include <string.h>
#include "range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t lengths[] = {0, 1, 10, 131072, INT32_MAX, UINT64_MAX};
    const char *header = (const char *)data;

    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); ++i) {
        uint64_t first = 1, last = 0;
        enum range_kind kind = range_of(header, size, lengths[i], &first, &last);
        if (kind == RANGE_ONE)
            assert(first <= last && last < lengths[i] && memchr(header, ',', size) == NULL);
        else
            assert(first == 1 && last == 0);
        if (kind == RANGE_UNSATISFIABLE)
            assert(memchr(header, '-', size) != NULL);
    }
    if (range_if(header, size, "tag"))
        assert(size == 5 && memcmp(header, "\"tag\"", 5) == 0);
    return 0;
}
