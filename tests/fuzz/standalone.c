/* standalone.c -- runs a fuzz target over files, for compilers without libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run(const char *name)
{
    static uint8_t data[1 << 20];
    FILE *file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        return -1;
    }
    size_t size = fread(data, 1, sizeof(data), file);
    fclose(file);
    uint8_t *exact = malloc(size > 0 ? size : 1); /* so that a read behind the end is seen */
    for (size_t i = 0; i < size; i++)
        exact[i] = data[i];
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int main(int argc, char **argv)
{
    int result = 0;
    for (int i = 1; i < argc; i++)
        result |= run(argv[i]);
    return result == 0 ? 0 : 1;
}
