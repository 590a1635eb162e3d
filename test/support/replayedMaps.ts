/** What a replay and a living map have to tell alike: memslots, attributes, and which pages guest_memfds have. */
import { attributeLayer } from '../../src/common/layers/attributeLayer';
import type { Memslot, VmDetails } from '../../src/common/model';
import type { OpenedMap } from '../../src/common/openedMap';
import { unpackPageRuns, type PackedPageRuns } from '../../src/common/packedRuns';
import { attributeOf, gmemStateOf } from '../../src/common/pageState';
import type { AgentProcess } from './agentProcess';

export interface Replayed {
    readonly slots: readonly string[];
    readonly pages: readonly string[];
}

/** Runs that are the same in this are one. */
export function replayedPages(packed: PackedPageRuns): string[] {
    const runs = unpackPageRuns(packed);
    const merged: { gfn: number; pages: number; memslot: number; words: string }[] = [];
    for (let i = 0; i < runs.count; i++) {
        const [gfn = 0, pages = 0, memslot = -1, state = 0] = [runs.gfns[i], runs.pages[i], runs.memslots[i], runs.states[i]];
        const gmem = gmemStateOf(state);
        const words = `${attributeOf(state)} ${gmem === 'prepared' ? 'allocated' : (gmem ?? 'unknown')}`;
        const last = merged.at(-1);
        if (last !== undefined && last.gfn + last.pages === gfn && last.memslot === memslot && last.words === words) last.pages += pages;
        else merged.push({ gfn, pages, memslot, words });
    }
    return merged.map(({ gfn, pages, memslot, words }) => `${gfn}+${pages} in ${memslot}: ${words}`);
}

export const replayedSlots = ({ addressSpaces }: VmDetails): string[] =>
    addressSpaces.flatMap(({ id: space, memslots }) => memslots.map((slot) => `${space}:${wordsOf(slot)}`)).sort();

const wordsOf = ({ id, gpa, size, flags, gmemOnly, hva, guestMemfd }: Memslot): string =>
    [id, gpa, size, ...flags, gmemOnly, hva, guestMemfd === null ? 'none' : `${guestMemfd.inode} at ${guestMemfd.offset}`].join(' ');

/** As the VM is now; nothing of this may change meanwhile. */
export async function readLiving(agent: AgentProcess, vm: string): Promise<Replayed> {
    const { runs } = await agent.request('map', { vm, addressSpace: 0 });
    return { slots: replayedSlots(await agent.request('show', { vm })), pages: replayedPages(runs) };
}

export async function readReplayed(agent: AgentProcess, { map, generation, runs: count, details }: OpenedMap): Promise<Replayed> {
    const filter = { layer: 'attribute', classes: [...attributeLayer.classes.keys()], memslot: null, range: null };
    const listed = await agent.request('listRuns', { map, generation, filter, order: 'address', descending: false, first: 0, most: 10_000 });
    if (listed.total !== count) throw new Error(`${listed.total} of ${count} runs were listed.`);
    return { slots: replayedSlots(details), pages: replayedPages(listed.runs) };
}
