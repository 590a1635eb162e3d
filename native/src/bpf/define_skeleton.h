/* Puts a generated light skeleton behind the interface of skeletons.h. C only; before the skeleton, which needs <errno.h>. */
#pragma once

#include <errno.h>

#include "skeletons.h"

#define DEFINE_LOADING(NAME)                                                                        \
    static int load_##NAME(struct skeleton *skeleton, char *log, unsigned log_size)                 \
    {                                                                                               \
        struct NAME##_bpf *object = NAME##_bpf__open();                                             \
        if (!object)                                                                                \
            return -ENOMEM;                                                                         \
        object->ctx.log_level = 1;                                                                  \
        object->ctx.log_buf = (unsigned long)log;                                                   \
        object->ctx.log_size = log_size;                                                            \
        int error = NAME##_bpf__load(object);                                                       \
        if (error) {                                                                                \
            NAME##_bpf__destroy(object);                                                            \
            return error;                                                                           \
        }                                                                                           \
        *skeleton = (struct skeleton){                                                              \
            .object = object,                                                                       \
            .program_fd = object->progs.walk.prog_fd,                                               \
            .records_fd = object->maps.records.map_fd,                                              \
            .state = &object->bss->state,                                                           \
        };                                                                                          \
        return 0;                                                                                   \
    }                                                                                               \
    static void unload_##NAME(struct skeleton *skeleton)                                            \
    {                                                                                               \
        NAME##_bpf__destroy(skeleton->object);                                                      \
    }

#define DEFINE_SKELETON(NAME, RECORD, COUNT)                                                        \
    DEFINE_LOADING(NAME)                                                                            \
    const struct skeleton_type NAME##_skeleton = {#NAME, sizeof(RECORD), COUNT, load_##NAME, unload_##NAME};

#define DEFINE_RECORDER(NAME, RECORD)                                                               \
    DEFINE_LOADING(NAME)                                                                            \
    static int attach_##NAME(struct skeleton *skeleton)                                             \
    {                                                                                               \
        return NAME##_bpf__attach(skeleton->object);                                                \
    }                                                                                               \
    const struct recorder_type NAME##_recorder = {                                                  \
        {#NAME, sizeof(RECORD), 0, load_##NAME, unload_##NAME}, attach_##NAME};
