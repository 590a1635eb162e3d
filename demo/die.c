#include <stdio.h>
#include <stdlib.h>

#include "demo.h"

_Noreturn void die(const char *tried)
{
    fprintf(stderr, "guestmem-demo: %s: %m\n", tried);
    exit(EXIT_FAILURE);
}

int check(int result, const char *tried)
{
    if (result < 0)
        die(tried);
    return result;
}
