/* fuzz_inlined.c -- an inline notification is taken apart within its bounds; none is genuine without
 * the signature, and what one says survives being said again. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "inlined.h"
#include "path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char secret[INLINED_SECRET] = "none that anybody could guess";
    struct inlined n;
    char *payload = malloc(size + 1);
    memcpy(payload, data, size);
    if (inlined_decode(&n, payload, size, secret)) {
        assert(!n.genuine);
        assert(n.topic != NULL && *n.topic != '\0' && utf8_is_valid(n.topic, strlen(n.topic)));
        assert(n.document > payload && n.document + n.length + 1 == payload + size);
        assert(n.other_count <= INLINED_MAX_OTHERS);
        for (size_t i = 0; i < n.other_count; i++)
            assert(*n.others[i] != '\0');
        assert(!n.snapshot.known || n.snapshot.count == 0 ||
               !snapshot_sees(&n.snapshot, n.snapshot.running[n.snapshot.count - 1]));
        inlined_dispose(&n);
    }
    free(payload);
    return 0;
}
