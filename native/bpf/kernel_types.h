/* SPDX-License-Identifier: Dual MIT/GPL */
/*
 * The few kernel structs that the programs here read, with only the fields that they touch. Offsets, sizes and presence
 * come from the running kernel's BTF when a program is loaded (CO-RE), so the order and the gaps here mean nothing.
 *
 * A field that the running kernel lacks makes the whole load fail: guard it with bpf_core_field_exists. A name with
 * three underscores is a flavour, a second shape of the same struct; each says since when it is needed.
 */
#pragma once

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct hlist_node {
    struct hlist_node *next, **pprev;
};

struct hlist_head {
    struct hlist_node *first;
};

struct list_head {
    struct list_head *next, *prev;
};

typedef struct {
    int counter;
} atomic_t;

typedef struct {
    long counter;
} atomic_long_t;

struct mutex {
    atomic_long_t owner;
};

struct rb_node {
    unsigned long __rb_parent_color;
    struct rb_node *rb_right, *rb_left;
};

struct rb_root {
    struct rb_node *rb_node;
};

struct xarray {
    void *xa_head;
};

struct xa_node {
    unsigned char shift;
    unsigned char count;
    void *slots[64];
};

struct maple_tree {
    void *ma_root;
};

enum maple_type {
    maple_leaf_64 = 1, /* These values are the running kernel's. */
    maple_range_64 = 2,
    maple_arange_64 = 3,
};

/* The nodes of a maple tree: leaves, and inner ones without and with a note of the largest gaps below them. */
struct maple_range_64 {
    void *parent;
    unsigned long pivot[15];
    void *slot[16];
};

struct maple_arange_64 {
    unsigned long pivot[9];
    void *slot[10];
};

struct rw_semaphore {
    atomic_long_t count; /* Not with PREEMPT_RT. */
};

struct address_space {
    struct xarray i_pages;
    unsigned long nrpages;
    unsigned long flags;
    struct rw_semaphore invalidate_lock;
};

enum mapping_flags {
    AS_NO_DIRECT_MAP = 0, /* The value is the running kernel's, where it can take pages out of its direct map. */
};

struct super_block {
    unsigned long s_magic;
};

struct inode {
    unsigned long i_ino;
    struct super_block *i_sb;
    struct address_space *i_mapping;
    long long i_size;
    void *i_private;
};

struct dentry {
    struct inode *d_inode;
};

struct file_operations {
    void *release;
};

struct file {
    const struct file_operations *f_op;
    void *private_data;
    struct inode *f_inode;
};

struct folio {
    unsigned long flags;
    unsigned long _flags_1; /* Of the first tail page; its low byte is the order. */
};

struct page {
    unsigned long compound_head; /* Of a tail page: its folio's first page, and bit 0. */
    atomic_t _mapcount;
};

struct folio___count {
    atomic_t _refcount;
};

/* Of a large folio; since Linux 6.10 (05c5323b2a34, "mm: track mapcount of large folios in single value"). */
struct folio___mappings {
    atomic_t _large_mapcount;
};

struct folio___pins {
    atomic_t _pincount; /* Of a large folio. */
};

/* Up to Linux 6.5 the order was a field of its own. */
struct folio___order {
    unsigned char _folio_order;
};

/* Linux 6.18 wrapped page flags in a struct (53fbef56e07d, "mm: introduce memdesc_flags_t"). */
typedef struct {
    unsigned long f;
} memdesc_flags_t;

struct folio___memdesc {
    memdesc_flags_t flags;
};

enum pageflags {
    PG_uptodate = 0, /* The values are the running kernel's. */
    PG_head = 6,
};

struct hstate {
    __u32 nr_huge_pages_node[1024]; /* Of MAX_NUMNODES. */
};

struct mem_section_usage {
    unsigned long subsection_map[1]; /* Only with CONFIG_SPARSEMEM_VMEMMAP. */
};

/* Which functions a BPF program may call, as the verifier numbers them. */
enum special_kfunc_type {
    KF_bpf_rdonly_cast = 0,
};

struct pid_namespace;

struct upid {
    int nr;
    struct pid_namespace *ns;
};

struct pid {
    unsigned int level;
    struct hlist_head tasks[1];
    struct upid numbers[1];
};

/* A BPF map, of one value for each processor. */
struct bpf_array {
    void *pptrs[1];
};

struct percpu_counter {
    long long count;
    int *counters;
};

typedef struct {
    atomic_long_t tlb_gen;
} mm_context_t;

struct mm_struct {
    struct percpu_counter rss_stat[4]; /* Since Linux 6.2; before, a struct of plain counters. */
    atomic_long_t hugetlb_usage;
    mm_context_t context;
};

/* What threads that have ended leave to their process. */
struct signal_struct {
    struct list_head thread_head;
    unsigned long min_flt;
    unsigned long maj_flt;
};

struct task_struct {
    int pid;
    int tgid;
    struct mm_struct *mm;
    struct pid *thread_pid;
    struct signal_struct *signal;
    struct list_head thread_node;
    unsigned long min_flt;
    unsigned long maj_flt;
};

struct vm_area_struct {
    unsigned long vm_start;
    unsigned long vm_end;
    unsigned long vm_flags;
    unsigned long vm_pgoff;
    struct file *vm_file;
};

/* What is behind the next one; kernels that have the iterator have it. */
struct bpf_iter_task_vma_kern {
    void *data;
};

struct kvm_memslots {
    __u64 generation;
    struct rb_root gfn_tree;
    struct hlist_head id_hash[128];
    int node_idx;
};

struct kvm_lpage_info {
    int disallow_lpage;
};

struct kvm_rmap_head;

struct kvm_arch_memory_slot {
    struct kvm_rmap_head *rmap[3];
    struct kvm_lpage_info *lpage_info[2]; /* x86: for 2 MiB and for 1 GiB. */
    unsigned short *gfn_write_track;      /* Since Linux 6.6. */
};

struct kvm_arch_memory_slot___track {
    unsigned short *gfn_track[1];
};

struct kvm_memory_slot {
    struct hlist_node id_node[2];
    struct rb_node gfn_node[2];
    __u64 base_gfn;
    unsigned long npages;
    unsigned long *dirty_bitmap;
    struct kvm_arch_memory_slot arch;
    unsigned long userspace_addr;
    __u32 flags;
    short id;
    __u16 as_id;
    struct {
        struct file *file;
        unsigned long pgoff;
    } gmem; /* Since guest_memfd (Linux 6.8). */
};

struct kvm_memory_slot___track {
    struct kvm_arch_memory_slot___track arch;
};

union kvm_mmu_page_role {
    __u32 word;
    struct {
        unsigned level : 4;
        unsigned direct : 1; /* The tables map GPAs; else they shadow a guest's own page tables. */
        unsigned invalid : 1;
        unsigned guest_mode : 1;
        unsigned is_mirror : 1; /* TDX, since 6.14. */
        unsigned smm : 8;
    };
};

struct kvm_mmu_page {
    struct list_head link;
    union kvm_mmu_page_role role;
    __u64 *spt;
};

struct kvm_mmu_root_info {
    __u64 hpa;
};

struct kvm_mmu {
    struct kvm_mmu_root_info root;
    union kvm_mmu_page_role root_role;
};

/* Bits of regs_avail; the values are the running kernel's. */
enum kvm_reg {
    VCPU_REGS_RIP = 16, /* Up to Linux 7.2, and an index of regs. */
    VCPU_EXREG_CR3 = 19,
    VCPU_REG_RIP = 16, /* The same since 7.3. */
    VCPU_REG_CR3 = 19,
};

struct kvm_run {
    __u32 exit_reason;
    struct {
        __u64 flags;
        __u64 gpa;
        __u64 size;
    } memory_fault; /* In a union; since 6.8. */
};

struct kvm_vcpu_arch {
    unsigned long regs[17];
    __u32 regs_avail;
    unsigned long cr0;
    unsigned long cr3;
    unsigned long cr4;
    __u64 efer;
    bool guest_state_protected; /* SEV-ES and TDX, since 5.11. */
    int maxphyaddr;
    struct kvm_mmu *mmu; /* Another one than root_mmu while a nested guest runs on page tables of its hypervisor's. */
    struct kvm_mmu root_mmu;
};

/* Linux 7.3 took rip out of regs and made regs_avail a bitmap. */
struct kvm_vcpu_arch___rip {
    unsigned long rip;
};

struct kvm_vcpu_arch___bitmap {
    unsigned long regs_avail[1];
};

struct kvm_arch {
    __u8 vm_type;          /* x86 since 6.8; an unsigned long there, a byte later. */
    bool has_private_mem;  /* x86 since 6.10. */
    bool disable_nx_huge_pages; /* x86 since 6.1. */
    bool tdp_mmu_enabled;  /* Up to 6.2; then the same for all VMs. */
    struct list_head tdp_mmu_roots;
    unsigned long n_used_mmu_pages;
    __u64 gfn_direct_bits; /* TDX, since 6.14. */
};

struct kvm_vm_stat_generic {
    __u64 remote_tlb_flush;
    __u64 remote_tlb_flush_requests;
};

struct kvm_vm_stat {
    struct kvm_vm_stat_generic generic;
    atomic_long_t pages_4k;
    atomic_long_t pages_2m;
    atomic_long_t pages_1g;
};

struct kvm_vcpu_stat {
    __u64 pf_taken;
    __u64 pf_fixed;
};

struct kvm {
    struct mm_struct *mm;
    struct mutex slots_lock;
    struct kvm_memslots *memslots[2];
    struct xarray vcpu_array;
    atomic_t online_vcpus;
    struct kvm_arch arch;
    struct kvm_vm_stat stat;
    struct dentry *debugfs_dentry;
    unsigned long mmu_invalidate_seq;
    long mmu_invalidate_in_progress;
    __u32 dirty_ring_size;
    struct xarray mem_attr_array; /* Only with CONFIG_KVM_GENERIC_MEMORY_ATTRIBUTES. */
};

struct kvm_vcpu {
    struct kvm *kvm;
    int vcpu_id;
    struct pid *pid;
    struct kvm_run *run;
    struct kvm_vcpu_arch arch;
    struct kvm_vcpu_stat stat;
};

struct kvm_vcpu___rip {
    struct kvm_vcpu_arch___rip arch;
};

struct kvm_vcpu___bitmap {
    struct kvm_vcpu_arch___bitmap arch;
};

/* What a guest_memfd's file->private_data points to, up to Linux 6.18. */
struct kvm_gmem {
    struct kvm *kvm;
    struct xarray bindings;
};

/* The same under its new name, and the inode's own part (Linux 7.2; before, the flags are inode->i_private). */
struct gmem_file {
    struct kvm *kvm;
    struct xarray bindings;
};

struct gmem_inode {
    struct inode vfs_inode;
    __u64 flags;
    struct maple_tree attributes; /* With in-place conversion. */
};

struct bpf_iter_meta;

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
};

struct bpf_iter__task_file {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
    __u32 fd;
    struct file *file;
};

#pragma clang attribute pop

/* An iterator over a task's mappings, as the kernel wants it on the stack (Linux 6.7). */
struct bpf_iter_task_vma {
    __u64 __opaque[1];
};
