/**
 * The name that a VMM was given on its command line: QEMU's -name, and --name, --vm-name or --id as Cloud Hypervisor's,
 * crosvm's, Firecracker's and libkrun's front ends spell it. The text is the process's own: data, never more.
 */
const options = ['name', 'vm-name', 'id'] as const;

/** A name longer than this is no name. */
const longest = 256;

/** Returns null when the arguments name no VM. */
export function vmName(args: readonly string[]): string | null {
    for (const option of options) {
        const value = optionValue(args, option);
        if (value === undefined) continue;
        const name = isQemu(args[0] ?? '') ? qemuName(value) : value;
        if (name !== undefined && name !== '') return name.slice(0, longest);
    }
    return null;
}

/** "--option value", "--option=value", and QEMU's "-option value". */
function optionValue(args: readonly string[], option: string): string | undefined {
    for (const [index, arg] of args.entries()) {
        if (index === 0) continue;
        if (arg === `--${option}` || (arg === '-name' && option === 'name')) return args[index + 1];
        if (arg.startsWith(`--${option}=`)) return arg.slice(option.length + 3);
    }
    return undefined;
}

function isQemu(program: string): boolean {
    const base = program.slice(program.lastIndexOf('/') + 1);
    return base.startsWith('qemu') || base === 'kvm';
}

/** QEMU's key=value list, whose first key may be left out and in which a comma is written twice. */
function qemuName(value: string): string | undefined {
    const parts = value.match(/(?:[^,]|,,)+/g) ?? [];
    const guest = parts.find((part) => part.startsWith('guest='))?.slice('guest='.length);
    const first = parts[0]?.includes('=') === true ? undefined : parts[0];
    return (guest ?? first)?.replaceAll(',,', ',');
}
