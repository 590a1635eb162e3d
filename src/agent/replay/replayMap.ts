/** The page map that a state of a replay comes to, joined by the sweep that joins a living one. */
import type { Attribute, PageTotals } from '../../common/model';
import type { PageRuns } from '../../common/pageRuns';
import { hasHvaSide } from '../details/backing';
import type { SlotRow } from '../details/memslots';
import { isInitShared } from '../guestMemfd/guestMemfds';
import { hasVmScope, scopeOfSlot } from '../pages/attributeScope';
import { attributeMeaning, gfnLimit, privateAttribute } from '../pages/attributeWalk';
import { copiesOf } from '../pages/guestCopies';
import type { Layer } from '../pages/layer';
import { outsideBits } from '../pages/pageMap';
import { PageStateSweep } from '../pages/pageStates';
import { stateBits } from '../pages/stateBits';
import type { UnknownFields } from '../unknownFields';
import { LayerBuilder } from './layerBuilder';
import type { PageSet } from './pageSet';
import type { ReplayStart } from './replayStart';
import type { ReplayState } from './replayState';

/** What the map of any time needs of the recording. */
export interface ReplayFacts extends Pick<ReplayStart, 'scoped' | 'unreadable'> {
    /** Why the pages of guest_memfds cannot be told; null where they can. */
    readonly untoldPages: string | null;
}

export function replayMap(state: ReplayState, addressSpace: number, facts: ReplayFacts, unknown: UnknownFields): { runs: PageRuns; totals: PageTotals } {
    const vmAttributes = hasVmScope(facts.scoped) ? layerOf(state.privatePages, 0, gfnLimit, 0) : null;
    const sweep = new PageStateSweep();
    let at = 0;
    for (const slot of state.slots) {
        if (slot.addressSpace !== addressSpace) continue;
        sweep.addGap(at, slot.gfn, vmAttributes, outsideBits);
        at = slot.end;
        const { attributes, bits } = attributesOf(slot, state, facts, vmAttributes, unknown);
        const guestMemfd = guestMemfdSide(slot, state, facts, unknown);
        sweep.addStretch({
            gfn: slot.gfn,
            end: slot.end,
            memslot: slot.id,
            fixed: bits | guestMemfd.bits | stateBits({ hva: hasHvaSide(slot) ? null : 'none' }),
            fixedDetail: 0,
            copies: copiesOf(slot),
            attributes,
            pageTable: null,
            pageCache: null,
            guestMemfd: guestMemfd.layer,
            guestMapping: null,
            dirty: null,
            largerPages: null,
        });
    }
    sweep.addGap(at, gfnLimit, vmAttributes, outsideBits);
    return sweep.finish();
}

function attributesOf(
    slot: SlotRow,
    state: ReplayState,
    { scoped }: ReplayFacts,
    vmAttributes: Layer | null,
    unknown: UnknownFields,
): { attributes: Layer | null; bits: number } {
    const scope = scopeOfSlot(scoped, slot);
    if (scope !== 'guest_memfd') return { attributes: vmAttributes, bits: stateBits({ scope }) };
    const guestMemfd = slot.gmemInode === null ? null : state.guestMemfd(slot.gmemInode);
    const privatePages = guestMemfd?.privatePages ?? null;
    if (privatePages !== null) {
        const first = slot.gmemPage;
        return { attributes: layerOf(privatePages, first, first + slot.end - slot.gfn, slot.gfn - first), bits: stateBits({ scope }) };
    }
    let attribute: Attribute = 'shared';
    if (guestMemfd === null || guestMemfd.flags === null || scoped.convertsInPlace) {
        unknown.add('attribute', `memslot ${slot.id}: the attributes of its guest_memfd, which decides, are not known; shown as shared`);
    } else if (!isInitShared({ flags: guestMemfd.flags })) {
        attribute = 'private';
    }
    return { attributes: null, bits: stateBits({ scope, attribute }) };
}

function guestMemfdSide(slot: SlotRow, state: ReplayState, facts: ReplayFacts, unknown: UnknownFields): { layer: Layer | null; bits: number } {
    if (!slot.hasGuestMemfd) return { layer: null, bits: 0 };
    const problem =
        slot.gmemInode === null
            ? 'which guest_memfd it has is not known, or the last file descriptor of it was closed'
            : (facts.unreadable.get(slot.gmemInode) ?? facts.untoldPages);
    if (problem !== null || slot.gmemInode === null) {
        unknown.add('gmemBacking', `memslot ${slot.id}: ${problem ?? ''}`);
        return { layer: null, bits: stateBits({ gmem: null }) };
    }
    const first = slot.gmemPage;
    return { layer: state.guestMemfd(slot.gmemInode).layer(first, first + slot.end - slot.gfn, slot.gfn - first), bits: 0 };
}

function layerOf(privatePages: PageSet, first: number, end: number, shift: number): Layer {
    const layer = new LayerBuilder();
    for (const [from, until] of privatePages.runs(first, end)) layer.append(from, until, privateAttribute);
    return layer.build(shift, attributeMeaning);
}
