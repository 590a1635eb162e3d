/**
 * The VM-scope attribute store as one layer. The kernel changes it while it is walked: a walk counts as one state when
 * the VM's invalidation sequence stood still and no change was under way, or when a second walk found the same.
 */
import { errors } from '../common/errors';
import { readChunks } from './chunks';
import { makeLayer, makeMeaning, type Layer } from './layer';
import type { Pace } from './pace';
import { stateBits } from './stateBits';
import type { OpenVm } from './vmDirectory';

/** KVM_MEMORY_ATTRIBUTE_PRIVATE */
export const privateAttribute = 8;

/** One past the largest gfn: guest physical addresses have at most 52 bits on x86, and KVM's check allows 64. */
export const gfnLimit = 2 ** 52;

const attempts = 4;

const meaning = makeMeaning(stateBits({ attribute: 'shared' }), (value) =>
    stateBits({ attribute: (value & privateAttribute) === 0 ? 'shared' : 'private' }),
);

export interface AttributeWalk {
    readonly layer: Layer;
    readonly consistent: boolean;
}

/** Attributes of gfns [first, end). */
export async function walkAttributes(vm: OpenVm, first: number, end: number, pace: Pace): Promise<AttributeWalk> {
    let previous: Layer | undefined;
    for (let attempt = 1; ; attempt++) {
        const chunks = await readChunks(pace, first, end, (from) => vm.process.readAttributes(vm.fd, from, end));
        if (chunks === null) throw errors.vmGone(vm.id);
        const runs = chunks.map(({ gfns, pages, values }) => ({ first: gfns, pages, states: values }));
        const layer = makeLayer(runs, 0, meaning);
        const stood = chunks.every(({ quiet, sequence }) => quiet && sequence === chunks[0]?.sequence);
        if (stood || (previous !== undefined && sameRuns(previous, layer))) return { layer, consistent: true };
        if (attempt === attempts) return { layer, consistent: false };
        previous = layer;
    }
}

function sameRuns(a: Layer, b: Layer): boolean {
    if (a.count !== b.count) return false;
    for (let i = 0; i < a.count; i++) {
        if (a.first[i] !== b.first[i] || a.pages[i] !== b.pages[i] || a.states[i] !== b.states[i]) return false;
    }
    return true;
}
