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
    if (vmType === 'snp' || vmType === 'tdx') {
        warnings.push(
            `The content of the pages is lost, and the guest must accept them again (${vmType === 'snp' ? 'PVALIDATE' : 'TDG.MEM.PAGE.ACCEPT'}) before it uses them.`,
        );
    } else {
        warnings.push(
            to === 'private'
                ? 'The guest will see the pages of the guest_memfd, not what the shared pages hold now.'
                : 'The guest will see the shared pages behind the HVA, not what the guest_memfd holds now.',
        );
    }
    warnings.push('The VMM is not told: if it keeps a record of what is private, as QEMU does, that record is wrong from then on.');
    return warnings;
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
