/* The VMM's own record of what it made private: sorted, disjoint, merged. KVM has no call that reads it back. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "demo.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct range *ranges;
static size_t range_count;

static void append(struct range **list, size_t *count, uint64_t start, uint64_t end)
{
    struct range *last = *count ? &(*list)[*count - 1] : NULL;

    if (start >= end)
        return;
    if (last && last->end == start)
        last->end = end;
    else
        (*list)[(*count)++] = (struct range){start, end};
}

static void record(uint64_t start, uint64_t end, bool private)
{
    /* A change splits one range at most, or adds one. */
    struct range *list = calloc(range_count + 2, sizeof(*list));
    size_t count = 0, i = 0;

    if (!list)
        die("calloc");
    for (; i < range_count && ranges[i].start < start; i++)
        append(&list, &count, ranges[i].start, ranges[i].end < start ? ranges[i].end : start);
    if (private)
        append(&list, &count, start, end);
    for (i = 0; i < range_count; i++)
        append(&list, &count, ranges[i].start > end ? ranges[i].start : end, ranges[i].end);
    free(ranges);
    ranges = list;
    range_count = count;
}

int set_attribute(const struct vm *vm, uint64_t gpa, uint64_t size, bool private)
{
    struct kvm_memory_attributes attributes = {
        .address = gpa,
        .size = size,
        .attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
    };
    int error = 0;

    pthread_mutex_lock(&lock);
    if (ioctl(vm->fd, KVM_SET_MEMORY_ATTRIBUTES, &attributes) < 0)
        error = errno;
    else
        record(gpa, gpa + size, private);
    pthread_mutex_unlock(&lock);
    return error;
}

void print_private_ranges(void)
{
    pthread_mutex_lock(&lock);
    printf("{\"private\":[");
    for (size_t i = 0; i < range_count; i++)
        printf("%s{\"gpa\":\"0x%llx\",\"size\":\"0x%llx\"}", i ? "," : "", (ull)ranges[i].start, (ull)(ranges[i].end - ranges[i].start));
    printf("]}\n");
    pthread_mutex_unlock(&lock);
}
