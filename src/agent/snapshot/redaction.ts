/** What of a VM's details goes into a .gmem file: never registers of the guest; redacted also no names, paths and HVAs. */
import { parseHex, toHex, type Hex } from '../../common/address';
import type { Unknown, VmDetails } from '../../common/model';

const leftOut = 'left out of the snapshot, which holds nothing of the guest';
const redacted = 'left out of the snapshot, which was redacted';

/** Registers hold addresses of the guest's kernel and of what it runs. */
export function withoutRegisters(details: VmDetails): VmDetails {
    const registers = ['vcpus.rip', 'vcpus.cr3'];
    return {
        ...details,
        vcpus: details.vcpus.map((vcpu) => ({ ...vcpu, rip: null, cr3: null })),
        unknown: [
            ...details.unknown.filter(({ field }) => !registers.includes(field)),
            ...(details.vcpus.length === 0 ? [] : registers.map((field) => ({ field, reason: leftOut }))),
        ],
    };
}

/** How an HVA lies within 2 MiB decides whether the guest can have large pages; it tells little of where it is. */
const placeInLargePage = (hva: Hex): Hex => toHex((parseHex(hva) ?? 0n) % (1n << 21n));

export function redactDetails(details: VmDetails): VmDetails {
    return {
        ...details,
        vm: { ...details.vm, command: 'redacted', name: null },
        addressSpaces: details.addressSpaces.map((space) => ({
            ...space,
            memslots: space.memslots.map((memslot) => ({
                ...memslot,
                hva: placeInLargePage(memslot.hva),
                backing: memslot.backing === null ? null : { ...memslot.backing, path: null },
            })),
        })),
        guestMemfds: details.guestMemfds.map((guestMemfd) => ({
            ...guestMemfd,
            hostMappings: guestMemfd.hostMappings?.map((mapping) => ({ ...mapping, hva: placeInLargePage(mapping.hva) })) ?? null,
        })),
        unknown: [
            ...redactUnknown(details.unknown),
            { field: 'vm.name', reason: redacted },
            { field: 'addressSpaces.memslots.hva', reason: `${redacted}: it only tells the place within 2 MiB` },
            { field: 'addressSpaces.memslots.backing.path', reason: redacted },
        ],
    };
}

/** A reason may name an address or a file. */
export function redactUnknown(unknown: readonly Unknown[]): Unknown[] {
    return unknown.map(({ field, reason }) => ({ field, reason: reason.replace(/0x[0-9a-f]+|\/[^\s,;:]+/g, '…') }));
}
