/* fuzz_notification.c -- what is understood says the same when it is written again. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "buffer.h"
#include "notification.h"
#include "path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct notification n, again;
    struct buffer b;
    notification_decode(&n, (const char *)data, size);
    bool texts = n.kind == NOTIFICATION_TOPIC || n.kind == NOTIFICATION_TEMPLATE;
    assert((n.text != NULL) == texts);
    assert(n.kind == NOTIFICATION_UNKNOWN || (size > 0 && size < 8000));
    if (texts) {
        assert(*n.text != '\0' && utf8_is_valid(n.text, strlen(n.text)));
        buffer_init(&b, 6 * 8000);
        buffer_puts(&b, n.kind == NOTIFICATION_TOPIC ? "{\"topic\":" : "{\"template\":");
        buffer_json_string(&b, n.text, strlen(n.text));
        buffer_puts(&b, "}");
        notification_decode(&again, b.bytes, b.length);
        assert(b.length > 7999 || (again.kind == n.kind && strcmp(again.text, n.text) == 0));
        notification_dispose(&again);
        buffer_dispose(&b);
    }
    notification_dispose(&n);
    return 0;
}
