/** Memslots and guest_memfds in words, the same in trees, map, hover and preview. */
import * as vscode from 'vscode';
import type { Hex } from '../../common/address';
import type { Memslot, VmSummary } from '../../common/model';
import { displaySize, displayText } from '../displayText';

/** "0x1000+0x2000", the written form that every input box takes. */
export const rangeText = ({ gpa, size }: { readonly gpa: Hex; readonly size: Hex }): string => `${gpa}+${size}`;

/** What the VMM has mapped at the slot's HVA: "memfd /dev/shm/ram". */
export function backingText({ backing }: Memslot): string {
    if (backing === null) return vscode.l10n.t('not known');
    return backing.path === null ? backing.kind : `${backing.kind} ${displayText(backing.path)}`;
}

/** What the slot permits the guest and its mapping the VMM. */
export function memslotRights({ flags, backing }: Memslot): string {
    const { l10n } = vscode;
    const rights = backing?.rights ?? null;
    return [
        flags.includes('readonly') ? l10n.t('memslot read-only') : l10n.t('memslot writable'),
        ...(rights === null ? [] : [l10n.t('VMM {0}', rights)]),
    ].join(', ');
}

/** A place in a guest_memfd; the VMM may have closed its fd. */
export function guestMemfdText({ inode, fd, offset }: NonNullable<Memslot['guestMemfd']>): string {
    const { l10n } = vscode;
    return fd < 0 ? l10n.t('inode {0}, offset {1}', inode, offset) : l10n.t('fd {0}, offset {1}', fd, offset);
}

/** The facts that tell one slot from another: "anonymous, read-only, dirty log". */
export function memslotTraits(memslot: Memslot): string[] {
    const { l10n } = vscode;
    return [
        ...(memslot.internal ? [l10n.t('made by KVM')] : []),
        ...(memslot.gmemOnly ? [] : memslot.backing === null ? [] : [memslot.backing.kind]),
        ...(memslot.flags.includes('guest-memfd') ? ['guest_memfd'] : []),
        ...(memslot.flags.includes('readonly') ? [l10n.t('read-only')] : []),
        ...(memslot.flags.includes('log-dirty-pages') ? [l10n.t('dirty log')] : []),
    ];
}

export const memslotLabel = (memslot: Memslot): string => vscode.l10n.t('Slot {0}', memslot.id);

export const vmLabel = (vm: VmSummary): string => displayText(vm.name ?? vm.command);

/** "2 GiB · 4 vCPUs · sw-protected"; facts that are not known are left out. */
export function vmTraits(vm: VmSummary): string {
    return [
        vscode.l10n.t('pid {0}', vm.pid),
        ...(vm.memory === null ? [] : [displaySize(vm.memory)]),
        ...(vm.vcpus === null ? [] : [vm.vcpus === 1 ? vscode.l10n.t('1 vCPU') : vscode.l10n.t('{0} vCPUs', vm.vcpus)]),
        ...(vm.type === null || vm.type === 'default' ? [] : [vm.type]),
    ].join(' · ');
}
