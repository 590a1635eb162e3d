/**
 * Page maps that the agent keeps for a few seconds, to answer a refresh without reading every page again. A kept map is
 * given again only when everything that it was made of is known to be as it was: what is small is read again and
 * compared, and for the rest the kernel's counters ("stamps") stood still. ARCHITECTURE.md says what each covers.
 */
import { isDeepStrictEqual } from 'node:util';
import type { VmStamps } from '../../../native/index';
import { PageRunsBuilder, type PageRuns } from '../../common/pageRuns';
import { gmemStateOf } from '../../common/pageState';
import { formatRange } from '../../common/range';
import { hasVmScope } from './attributeScope';
import { walkAttributes } from './attributeWalk';
import { unboundRanges } from '../guestMemfd/guestMemfds';
import type { Pace } from '../pace';
import { outsideBits, readPageMap, takePageMap, type PageMapInColumns, type ReadPageMap, type TakenMap } from './pageMap';
import { PageStateSweep } from './pageStates';
import { everything, windowOf, type Window } from './window';
import type { OpenVm } from '../discovery/vmDirectory';
import { readVmMemory, type VmMemory } from '../details/vmMemory';

/** Milliseconds. A big map is asked for less often, at intervals that grow with the time that it takes to read. */
const shortestLife = 5_000;
const longestLife = 30_000;
const lifePerReading = 20;

const mostMaps = 4;
const mostBytes = 256 << 20;

/** The attributes between memslots are walked again, hole by hole. */
const mostHoles = 256;

interface Kept {
    readonly taken: TakenMap;
    readonly stamps: VmStamps;
    /** The map's runs where no memslot is. */
    readonly outside: PageRuns;
    readonly bytes: number;
    readonly expiry: NodeJS.Timeout;
}

export class KeptMaps {
    /** In the order of their reading. */
    private readonly kept = new Map<string, Kept>();

    /** As readPageMap; what the processor notes as accessed changes without pause, so such a map is always read. */
    async read(...what: Parameters<ReadPageMap>): Promise<PageMapInColumns> {
        const [vm, addressSpace, range, withAccessed, pace] = what;
        if (withAccessed) return readPageMap(...what);
        const window = range === null ? everything : windowOf(range);
        const key = `${vm.id} ${vm.identity} ${addressSpace} ${range === null ? '' : formatRange(range)}`;
        const kept = this.kept.get(key);
        if (kept !== undefined && (await isStillTrue(kept, vm, addressSpace, window, pace))) return kept.taken.map;
        this.drop(key);

        const begin = performance.now();
        const before = vm.process.readStamps(vm.fd);
        const taken = await takePageMap(...what);
        const after = vm.process.readStamps(vm.fd);
        if (after !== null && areStill(before, after) && after.vm === vm.identity && isCovered(taken, vm, addressSpace, window)) {
            const life = Math.min(longestLife, Math.max(shortestLife, (performance.now() - begin) * lifePerReading));
            this.keep(key, taken, after, life);
        }
        return taken.map;
    }

    private keep(key: string, taken: TakenMap, stamps: VmStamps, life: number): void {
        const bytes = bytesOf(taken.map.runs) + taken.unstamped.bytes;
        if (bytes > mostBytes) return;
        // Also without another request, so that the memory of a VM that has gone is given back.
        const expiry = setTimeout(() => this.drop(key), life).unref();
        this.kept.set(key, { taken, stamps, outside: outsideOf(taken.map.runs), bytes, expiry });
        let sum = [...this.kept.values()].reduce((total, each) => total + each.bytes, 0);
        for (const [oldest, each] of this.kept) {
            if (this.kept.size <= mostMaps && sum <= mostBytes) break;
            sum -= each.bytes;
            this.drop(oldest);
        }
    }

    private drop(key: string): void {
        clearTimeout(this.kept.get(key)?.expiry);
        this.kept.delete(key);
    }
}

const areStill = (before: VmStamps | null, after: VmStamps | null): boolean =>
    before !== null && after !== null && before.quiet && after.quiet && isDeepStrictEqual(before, after);

/** Whether the stamps, with what is read again, leave out nothing that this map tells. */
function isCovered({ map, memory }: TakenMap, vm: OpenVm, addressSpace: number, window: Window): boolean {
    return (
        map.consistent &&
        slotsIn(memory, addressSpace, window).every(({ gmemInode }) => {
            const held = gmemInode === null ? undefined : memory.guestMemfds.get(gmemInode);
            // Where no memslot is bound, pages come and go unseen; a store of attributes of its own has no stamp.
            return held === undefined || (unboundRanges(held.record).length === 0 && !held.record.hasAttributeStore);
        }) &&
        // Such a page becomes prepared without a trace.
        !map.runs.states.some((state) => gmemStateOf(state) === 'allocated') &&
        (!hasVmScope(vm) || holesIn(memory, addressSpace, window).length <= mostHoles)
    );
}

/** The stamps come last: what they cover then was the same all the while, also when the rest was compared. */
async function isStillTrue(kept: Kept, vm: OpenVm, addressSpace: number, window: Window, pace: Pace): Promise<boolean> {
    const { memory, record, unstamped } = kept.taken;
    const now = readVmMemory(vm);
    return (
        isDeepStrictEqual(small(now, vm.record), small(memory, record)) &&
        (await unstamped.areSame(vm.process, pace)) &&
        isDeepStrictEqual(await readOutside(vm, now, holesIn(now, addressSpace, window), pace), kept.outside) &&
        areStill(kept.stamps, vm.process.readStamps(vm.fd))
    );
}

/** What a page map is made of beside the pages. */
const small = ({ mappings, guestMemfds }: VmMemory, { memslots, dirtyRingSize, consistent }: OpenVm['record']) => ({
    memslots,
    mappings,
    guestMemfds,
    dirtyRingSize,
    consistent,
});

const slotsIn = ({ slots }: VmMemory, addressSpace: number, { gfn, end }: Window) =>
    slots.filter((slot) => slot.addressSpace === addressSpace && slot.end > gfn && slot.gfn < end);

function holesIn(memory: VmMemory, addressSpace: number, { gfn, end }: Window): Window[] {
    const holes: Window[] = [];
    let at = gfn;
    for (const slot of slotsIn(memory, addressSpace, { gfn, end })) {
        if (slot.gfn > at) holes.push({ gfn: at, end: slot.gfn });
        at = slot.end;
    }
    if (at < end) holes.push({ gfn: at, end });
    return holes;
}

async function readOutside(vm: OpenVm, { slots }: VmMemory, holes: readonly Window[], pace: Pace): Promise<PageRuns> {
    const sweep = new PageStateSweep();
    if (hasVmScope(vm)) {
        for (const { gfn, end } of holes) {
            const { layer } = await walkAttributes(vm, gfn, end, slots, pace);
            sweep.addGap(gfn, end, layer, outsideBits);
        }
    }
    return sweep.finish().runs;
}

function outsideOf(runs: PageRuns): PageRuns {
    const builder = new PageRunsBuilder();
    for (let i = runs.memslots.indexOf(-1); i >= 0; i = runs.memslots.indexOf(-1, i + 1)) {
        builder.append(runs.gfns[i] ?? 0, runs.pages[i] ?? 0, -1, runs.states[i] ?? 0, runs.details[i]);
    }
    return builder.build();
}

const bytesOf = ({ gfns, pages, memslots, states, details }: PageRuns): number =>
    [gfns, pages, memslots, states, details].reduce((sum, column) => sum + column.byteLength, 0);
