"""drgn's view of the running kernel, with types from BTF and the few variables that walks begin at from kallsyms."""
from drgn import FindObjectFlags, Object, Program

from btf_types import BtfTypes

# BTF does not tell the types of variables.
VARIABLES = {
    "init_pid_ns": "struct pid_namespace",
    "page_offset_base": "unsigned long",
    "shadow_me_mask": "unsigned long",
}


def running_kernel():
    prog = Program()
    prog.set_kernel()
    types = BtfTypes(prog)
    prog.add_type_finder(types.find)
    addresses = variable_addresses()

    def find_object(prog, name, flags, filename):
        if flags & FindObjectFlags.VARIABLE and name in addresses:
            return Object(prog, VARIABLES[name], address=addresses[name])
        return types.find_constant(name) if flags & FindObjectFlags.CONSTANT else None

    prog.add_object_finder(find_object)
    return prog


def variable_addresses():
    with open("/proc/kallsyms") as lines:
        found = (line.split()[:3] for line in lines)
        addresses = {name: int(address, 16) for address, _, name in found if name in VARIABLES}
    if not all(addresses.values()):
        raise PermissionError("/proc/kallsyms hides its addresses: kernel.kptr_restrict must be 0 or 1, for root")
    return addresses
