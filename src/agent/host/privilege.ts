/** What this process may do, in the kernel's own names. */
import { readFileSync } from 'node:fs';

/** Bit numbers from linux/capability.h, and what Guestmem needs each for. */
export const neededCapabilities = [
    { name: 'cap_bpf', bit: 39n, why: 'loading BPF programs' },
    { name: 'cap_perfmon', bit: 38n, why: 'reading kernel memory through BPF' },
    { name: 'cap_syslog', bit: 34n, why: 'resolving kernel symbols for BPF' },
    { name: 'cap_sys_ptrace', bit: 19n, why: "looking into other users' processes and changing them" },
    { name: 'cap_sys_admin', bit: 21n, why: "reading a VMM's seccomp filters and the files behind its mappings" },
] as const;

export type CapabilityName = (typeof neededCapabilities)[number]['name'];

export const withoutRoot =
    'Run guestmem as root, for example with sudo; in VS Code set guestmem.agent.command to ["sudo","-n","${node}","${agent}"].';

/** Those of the needed capabilities that are not in this process's effective set. */
export function missingCapabilities(): CapabilityName[] {
    const status = readFileSync('/proc/self/status', 'latin1');
    const effective = BigInt('0x' + (/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'));
    return neededCapabilities.filter(({ bit }) => ((effective >> bit) & 1n) === 0n).map(({ name }) => name);
}
