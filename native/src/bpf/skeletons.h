/*
 * The light skeletons behind one plain interface. Their generated headers are C that is no C++, so skeletons.c alone
 * includes them. Every object has the same three parts: a program `walk`, a map `records`, a global `state`.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

struct skeleton {
    void *object;
    int program_fd;
    int records_fd;
    void *state; /* Shared with the program, one page. */
};

struct skeleton_type {
    const char *name;
    unsigned record_size;
    unsigned record_count;
    /* 0 or a negative errno; `log` takes the loader's and the verifier's words. */
    int (*load)(struct skeleton *skeleton, char *log, unsigned log_size);
    void (*unload)(struct skeleton *skeleton);
};

/* A recorder: its `records` are a ring buffer, its `walk` finds the VM, and its other programs run once it is attached. */
struct recorder_type {
    struct skeleton_type skeleton;
    int (*attach)(struct skeleton *skeleton); /* 0 or a negative errno. */
};

extern const struct skeleton_type kvm_files_skeleton;
extern const struct skeleton_type kvm_mappings_skeleton;
extern const struct skeleton_type kvm_memory_skeleton;
extern const struct skeleton_type memslots_skeleton;
extern const struct skeleton_type attributes_skeleton;
extern const struct skeleton_type frame_folio_skeleton;
extern const struct skeleton_type guest_mapping_skeleton;
extern const struct skeleton_type dirty_pages_skeleton;
extern const struct skeleton_type large_page_obstacles_skeleton;
extern const struct skeleton_type guest_memfd_skeleton;
extern const struct skeleton_type guest_memfd_attributes_skeleton;
extern const struct skeleton_type guest_memfd_frames_skeleton;
extern const struct skeleton_type guest_memfd_pages_skeleton;
extern const struct skeleton_type guest_memfd_references_skeleton;
extern const struct skeleton_type mapped_file_pages_skeleton;
extern const struct skeleton_type stamps_skeleton;
extern const struct skeleton_type vcpu_state_skeleton;

extern const struct recorder_type record_attributes_recorder;
extern const struct recorder_type record_calls_recorder;
extern const struct recorder_type record_faults_recorder;
extern const struct recorder_type record_guest_memfd_pages_recorder;

#ifdef __cplusplus
}
#endif
