/** Maps of guests that no VM here has, small to write down and of any size: segments of address space, each filled by a pattern. */
import type { MapLayer } from '../../src/common/mapLayer';
import type { ShownMap } from '../../src/common/mapMessages';
import type { PageTotals, VmDetails } from '../../src/common/model';
import type { Extent, OpenedMap } from '../../src/common/openedMap';
import { PageRunsBuilder, type PageRuns } from '../../src/common/pageRuns';
import { encodePageState, type PageDetail, type PageState } from '../../src/common/pageState';

export const states = {
    privatePrepared: encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'prepared' }),
    privateAbsent: encodePageState({ attribute: 'private', scope: 'vm', hva: 'absent', gmem: 'absent' }),
    privateDouble: encodePageState({ attribute: 'private', scope: 'vm', hva: 'present', gmem: 'prepared' }),
    sharedPresent: encodePageState({ attribute: 'shared', scope: 'vm', hva: 'present', hvaMapped: true, hvaPageSize: '4K', gmem: 'absent' }),
    sharedAbsent: encodePageState({ attribute: 'shared', scope: 'vm', hva: 'absent', gmem: 'absent' }),
    outside: encodePageState({ attribute: 'private', scope: 'vm', hva: 'none', gmem: 'none' }),
};

export interface SlotShape {
    readonly id: number;
    /** In gfns. */
    readonly start: number;
    readonly pages: number;
}

/** Runs one after the other, again and again until the segment is full. */
export type Pattern = readonly { readonly pages: number; readonly state: PageState; readonly detail?: PageDetail }[];

export interface Segment {
    /** In gfns. */
    readonly start: number;
    readonly pages: number;
    /** -1 = none. */
    readonly memslot: number;
    readonly pattern: Pattern;
}

export interface MadeMap {
    readonly slots: readonly SlotShape[];
    /** What each refresh finds; after the last one the first comes again. */
    readonly stages: readonly (readonly Segment[])[];
}

export const gib = 2 ** 18;
export const tib = 2 ** 28;

/** One slot from 0 on. */
export const oneSlot = (pages: number): SlotShape[] => [{ id: 0, start: 0, pages }];

export const segment = (start: number, pages: number, ...pattern: Pattern): Segment => ({ start, pages, memslot: 0, pattern });

/** All pages in one state but one. */
export function lonePage(pages: number, gfn: number, usual: PageState, lone: PageState, detail: PageDetail = 0): Segment[] {
    const fill = (start: number, end: number) => segment(start, end - start, { pages: end - start, state: usual });
    return [fill(0, gfn), segment(gfn, 1, { pages: 1, state: lone, detail }), fill(gfn + 1, pages)];
}

export function buildRuns(segments: readonly Segment[]): PageRuns {
    const builder = new PageRunsBuilder();
    for (const { start, pages, memslot, pattern } of segments) {
        for (let gfn = start, i = 0; gfn < start + pages; i++) {
            const part = pattern[i % pattern.length];
            if (part === undefined) throw new Error('A segment needs a pattern.');
            const run = Math.min(part.pages, start + pages - gfn);
            builder.append(gfn, run, memslot, part.state, part.detail);
            gfn += run;
        }
    }
    return builder.build();
}

/** Pages of each class in [start, end), counted one by one: the oracle of all that is faster. */
export function countByHand(layer: MapLayer, runs: PageRuns, { start, end }: Extent): Map<number, number> {
    const counts = new Map<number, number>();
    for (let run = 0; run < runs.count; run++) {
        const first = runs.gfns[run] ?? 0;
        const kind = { state: runs.states[run] ?? 0, detail: runs.details[run] ?? 0, inMemslot: (runs.memslots[run] ?? -1) >= 0 };
        for (let gfn = first; gfn < first + (runs.pages[run] ?? 0); gfn++) {
            if (gfn < start || gfn >= end) continue;
            const mapClass = layer.classOf(kind);
            counts.set(mapClass, (counts.get(mapClass) ?? 0) + 1);
        }
    }
    return counts;
}

export const noTotals: PageTotals = { private: '0x0', shared: '0x0', doubleBacked: '0x0', outsideMemslots: '0x0', memslots: [] };

const hexBytes = (pages: number) => `0x${(pages * 4096).toString(16)}`;

/** What an agent tells about the VM of such a map. */
export function madeDetails(slots: readonly SlotShape[]): VmDetails {
    return {
        vm: {
            id: '1:2',
            pid: 1,
            fd: 2,
            command: 'made',
            name: 'made',
            vcpus: 1,
            memory: hexBytes(slots.reduce((sum, { pages }) => sum + pages, 0)),
            type: 'sw-protected',
            tracedBy: null,
            holders: [],
            heldBy: 'vm',
        },
        capabilities: { attributes: ['private'], attributeScope: 'vm' },
        addressSpaces: [
            {
                id: 0,
                memslots: slots.map(({ id, start, pages }) => ({
                    id,
                    internal: false,
                    gpa: hexBytes(start),
                    size: hexBytes(pages),
                    flags: ['guest-memfd'],
                    gmemOnly: false,
                    hva: '0x7f0000000000',
                    guestMemfd: { inode: 1, fd: 3, offset: '0x0' },
                    backing: { kind: 'anonymous', path: null, rights: 'rw-' },
                })),
            },
        ],
        guestMemfds: [],
        vcpus: [],
        unknown: [],
    };
}

/** As the extension host would show it. */
export function shownMap({ details, ...opened }: OpenedMap): ShownMap {
    const memslots = details.addressSpaces.find(({ id }) => id === opened.addressSpace)?.memslots ?? [];
    return {
        ...opened,
        subject: 'made',
        title: `made (${details.vm.id})`,
        subtitle: null,
        addressSpaces: details.addressSpaces.map(({ id }) => id),
        memslots: memslots.map(({ id, gpa, size, internal, flags }) => ({ id, gpa, size, internal, flags, description: 'anonymous' })),
        convertRefusal: null,
        readOnly: null,
    };
}
