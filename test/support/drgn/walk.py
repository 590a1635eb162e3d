"""What drgn finds in a running kernel's KVM structures, as JSON: the oracle beside guestmem, and its peer in benches.

    /usr/bin/python3 walk.py PID FD:WHAT...

FD is a KVM file of process PID. WHAT: memslots, attributes, guest-mapping of a VM's; pages of a guest_memfd's. Prints a
list with {"seconds", "runs"} for each: the time that the walk itself took, without the start of drgn, and lists of
numbers.
"""
import json
import sys
import time

from drgn import cast
from drgn.helpers.linux.fs import fget
from drgn.helpers.linux.list import hlist_for_each_entry, list_for_each_entry
from drgn.helpers.linux.pid import find_task
from drgn.helpers.linux.xarray import xa_for_each

from running_kernel import running_kernel


def merged(values):
    """(first, pages, *state) of each run of the (index, pages, *state), which grow."""
    runs = []
    for index, pages, *state in values:
        if runs and runs[-1][0] + runs[-1][1] == index and runs[-1][2:] == state:
            runs[-1][1] += pages
        else:
            runs.append([index, pages, *state])
    return runs


def memslots(file):
    """(address space, id, gfn, pages, hva, flags, inode of the guest_memfd or -1, first page in it)"""
    kvm = cast("struct kvm *", file.private_data)
    found = []
    for active in kvm.memslots:
        member = f"id_node[{active.node_idx.value_()}]"
        for bucket in active.id_hash:
            for slot in hlist_for_each_entry("struct kvm_memory_slot", bucket.address_of_(), member):
                gmem = slot.gmem.file
                bound = [gmem.f_inode.i_ino.value_(), slot.gmem.pgoff.value_()] if gmem else [-1, 0]
                fields = (slot.as_id, slot.id, slot.base_gfn, slot.npages, slot.userspace_addr, slot.flags)
                found.append([*(field.value_() for field in fields), *bound])
    return sorted(found)


def attributes(file):
    """(gfn, pages, attribute bits)"""
    kvm = cast("struct kvm *", file.private_data)
    return merged((gfn, 1, entry.value_() >> 1) for gfn, entry in xa_for_each(kvm.mem_attr_array.address_of_()))


def pages(file):
    """(index, pages, 1 when up to date): guest_memfd has no folios of several pages yet"""
    uptodate = file.prog_.constant("PG_uptodate").value_()
    entries = xa_for_each(file.f_inode.i_mapping.i_pages.address_of_())
    return merged((index, 1, flags_of(cast("struct folio *", entry)) >> uptodate & 1) for index, entry in entries)


def flags_of(folio):
    # Linux 6.18 wrapped page flags in a struct.
    return (folio.flags.f if hasattr(folio.flags, "f") else folio.flags).value_()


def guest_mapping(file):
    """(gfn, pages, level, 1 when the guest may write without a fault), of the first address space's only root"""
    prog = file.prog_
    kvm = cast("struct kvm *", file.private_data)
    roots = [
        root
        for root in list_for_each_entry("struct kvm_mmu_page", kvm.arch.tdp_mmu_roots.address_of_(), "link")
        if not root.role.invalid and not root.role.smm
    ]
    direct_map = prog["page_offset_base"].value_()
    address_bits = (1 << 52) - (1 << 12) & ~prog["shadow_me_mask"].value_()

    def leaves(table, level, gfn):
        for entry in memoryview(prog.read(table, 4096)).cast("Q"):
            if entry >> 11 & 1:  # SPTE_MMU_PRESENT_MASK
                if level == 1 or entry >> 7 & 1:
                    yield gfn, 512 ** (level - 1), level, entry >> 1 & 1
                else:
                    yield from leaves(direct_map + (entry & address_bits), level - 1, gfn)
            gfn += 512 ** (level - 1)

    (root,) = roots
    return merged(leaves(root.spt.value_(), root.role.level.value_(), 0))


WALKS = {"memslots": memslots, "attributes": attributes, "guest-mapping": guest_mapping, "pages": pages}


def main(pid, *wanted):
    task = find_task(running_kernel(), int(pid))
    answers = []
    for fd, what in (word.split(":") for word in wanted):
        file = fget(task, int(fd))
        begin = time.perf_counter()
        runs = WALKS[what](file)
        answers.append({"seconds": time.perf_counter() - begin, "runs": runs})
    json.dump(answers, sys.stdout)


main(*sys.argv[1:])
