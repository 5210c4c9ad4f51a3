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
    bool announcement = n.kind == NOTIFICATION_ANNOUNCEMENT;
    bool texts = n.kind == NOTIFICATION_TOPIC || n.kind == NOTIFICATION_TEMPLATE || announcement;
    assert((n.text != NULL) == texts);
    assert((n.event != NULL) == announcement && (n.data != NULL) == announcement);
    assert(n.kind == NOTIFICATION_UNKNOWN || (size > 0 && size < 8000));
    if (texts) {
        assert(*n.text != '\0' && utf8_is_valid(n.text, strlen(n.text)));
        buffer_init(&b, 12 * 8000);
        buffer_puts(&b, n.kind == NOTIFICATION_TEMPLATE ? "{\"template\":" : "{\"topic\":");
        buffer_json_string(&b, n.text, strlen(n.text));
        if (announcement) {
            const char *begin = (const char *)data;
            assert(n.data_length > 0 && n.data >= begin && n.data + n.data_length < begin + size);
            buffer_puts(&b, ",\"event\":");
            buffer_json_string(&b, n.event, strlen(n.event));
            buffer_puts(&b, ",\"data\":");
            buffer_append(&b, n.data, n.data_length);
        }
        buffer_puts(&b, "}");
        notification_decode(&again, b.bytes, b.length);
        assert(b.length > 7999 || (again.kind == n.kind && strcmp(again.text, n.text) == 0));
        assert(b.length > 7999 || !announcement ||
               (strcmp(again.event, n.event) == 0 && again.data_length == n.data_length &&
                memcmp(again.data, n.data, n.data_length) == 0));
        notification_dispose(&again);
        buffer_dispose(&b);
    }
    notification_dispose(&n);
    return 0;
}
