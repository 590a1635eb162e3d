/** What a user should know before private and shared are changed. Pure. */
import { toHex } from '../../common/address';
import type { Attribute } from '../../common/model';
import type { SlotRow } from '../details/memslots';
import type { Window } from '../pages/window';

/** The longest list of ranges in one warning. */
const most = 8;

export function conversionWarnings(
    changed: readonly Window[],
    slots: readonly SlotRow[],
    vmType: string | null,
    to: Attribute,
): string[] {
    const warnings: string[] = [];
    const outside = uncoveredBy(changed, slots);
    if (outside.length > 0) {
        warnings.push(`No memslot is at ${written(outside)}: the attribute is set there and counts once a memslot comes.`);
    }
    if (to === 'private') {
        const withoutGmem = coveredBy(changed, slots.filter((slot) => slot.gmemInode === null));
        if (withoutGmem.length > 0) {
            warnings.push(
                `No guest_memfd is bound at ${written(withoutGmem)}: the guest's next access there exits to the VMM with KVM_EXIT_MEMORY_FAULT.`,
            );
        }
    }
    if (isEncrypted(vmType)) warnings.push(lostContent(vmType));
    else {
        warnings.push(
            to === 'private'
                ? 'The guest will see the pages of the guest_memfd, not what the shared pages hold now.'
                : 'The guest will see the shared pages behind the HVA, not what the guest_memfd holds now.',
        );
    }
    warnings.push(vmmNotTold);
    return warnings;
}

/** The same where each guest_memfd decides, and one page is both the private and the shared one. */
export function inPlaceWarnings(changed: readonly Window[], slots: readonly SlotRow[], vmType: string | null, to: Attribute): string[] {
    const warnings = [isEncrypted(vmType) ? lostContent(vmType) : 'The pages stay where they are, and KVM does not promise that they hold what they do now.'];
    if (to === 'private') warnings.push('The VMM loses its mapping of the pages: its next access there ends in SIGBUS.');
    const sharers = sharersOf(changed, slots);
    if (sharers.length > 0) {
        const named = sharers.map(({ id, addressSpace }) => `${id} of address space ${addressSpace}`).join(', ');
        warnings.push(`Several memslots are bound to the same pages of the guest_memfd, and all of them change: ${named}.`);
    }
    return [...warnings, vmmNotTold];
}

const vmmNotTold = 'The VMM is not told: if it keeps a record of what is private, as QEMU does, that record is wrong from then on.';

const isEncrypted = (vmType: string | null): vmType is 'snp' | 'tdx' => vmType === 'snp' || vmType === 'tdx';

const lostContent = (vmType: 'snp' | 'tdx') =>
    `The content of the pages is lost, and the guest must accept them again (${vmType === 'snp' ? 'PVALIDATE' : 'TDG.MEM.PAGE.ACCEPT'}) before it uses them.`;

/** Memslots that have pages of a guest_memfd which are changed at the addresses of another one. */
function sharersOf(changed: readonly Window[], slots: readonly SlotRow[]): SlotRow[] {
    const sharers = new Set<SlotRow>();
    for (const { gfn, end } of changed) {
        for (const slot of slots.filter((row) => row.addressSpace === 0 && row.gfn < end && row.end > gfn)) {
            const first = Math.max(gfn, slot.gfn) - slot.gfn + slot.gmemPage;
            const last = Math.min(end, slot.end) - slot.gfn + slot.gmemPage;
            const bound = slots.filter((row) => row.gmemInode === slot.gmemInode && row.gmemPage < last && first < row.gmemPage + row.end - row.gfn);
            if (bound.length > 1) bound.forEach((row) => sharers.add(row));
        }
    }
    return [...sharers];
}

function written(windows: readonly Window[]): string {
    const text = windows.slice(0, most).map(({ gfn, end }) => `${toHex(BigInt(gfn) << 12n)}+${toHex(BigInt(end - gfn) << 12n)}`);
    if (windows.length > most) text.push(`… (${windows.length} ranges)`);
    return text.join(', ');
}

/** The parts of `windows` that lie in a slot. `windows` are sorted and disjoint; slots of several address spaces may overlap. */
function coveredBy(windows: readonly Window[], slots: readonly SlotRow[]): Window[] {
    const sorted = mergedExtents(slots);
    const parts: Window[] = [];
    for (const { gfn, end } of windows) {
        for (const slot of sorted) {
            if (slot.gfn >= end) break;
            if (slot.end > gfn) parts.push({ gfn: Math.max(gfn, slot.gfn), end: Math.min(end, slot.end) });
        }
    }
    return parts;
}

function uncoveredBy(windows: readonly Window[], slots: readonly SlotRow[]): Window[] {
    const sorted = mergedExtents(slots);
    const parts: Window[] = [];
    for (const { gfn, end } of windows) {
        let at = gfn;
        for (const slot of sorted) {
            if (slot.gfn >= end) break;
            if (slot.end <= at) continue;
            if (slot.gfn > at) parts.push({ gfn: at, end: slot.gfn });
            at = slot.end;
        }
        if (at < end) parts.push({ gfn: at, end });
    }
    return parts;
}

function mergedExtents(slots: readonly SlotRow[]): Window[] {
    const merged: { gfn: number; end: number }[] = [];
    for (const { gfn, end } of [...slots].sort((a, b) => a.gfn - b.gfn)) {
        const last = merged.at(-1);
        if (last !== undefined && gfn <= last.end) last.end = Math.max(last.end, end);
        else merged.push({ gfn, end });
    }
    return merged;
}
