/** Reads what replays start from: the memory of a VM as it is once its recording has begun. */
import { errors } from '../../common/errors';
import type { Unknown, VmDetails } from '../../common/model';
import { readVmDetails } from '../details/vmDetails';
import { gmemProblem, readVmMemory } from '../details/vmMemory';
import type { OpenVm } from '../discovery/vmDirectory';
import type { HeldGuestMemfd } from '../guestMemfd/guestMemfds';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import { hasVmScope, type ScopedVm } from '../pages/attributeScope';
import { gfnLimit, privateAttribute, walkAttributes, walkGuestMemfdAttributes, type AttributeWalk } from '../pages/attributeWalk';
import { readChunks } from '../pages/chunks';
import { makeLayer, type Layer } from '../pages/layer';
import { guestMemfdMeaning } from '../pages/residency';
import { UnknownFields } from '../unknownFields';
import { GuestMemfdState } from './guestMemfdState';
import { PageSet } from './pageSet';
import { ReplayState } from './replayState';

export interface ReplayStart {
    readonly details: VmDetails;
    readonly scoped: ScopedVm;
    readonly state: ReplayState;
    /** Guest_memfds whose pages cannot be told at any time, by inode. */
    readonly unreadable: ReadonlyMap<number, string>;
    /** False when the VM changed while it was read in a way that events do not mend. */
    readonly consistent: boolean;
    readonly unknown: readonly Unknown[];
}

/** What changes meanwhile is recorded already: to be right, a replay applies the events from before the reading on. */
export async function readReplayStart(opened: OpenVm, pace: Pace): Promise<ReplayStart> {
    // It was opened before the recording began.
    const record = opened.process.readVm(opened.fd);
    if (record?.vm !== opened.identity) throw errors.vmGone(opened.id);
    const vm = { ...opened, record };
    const memory = readVmMemory(vm);
    const unknown = new UnknownFields();
    const walk = hasVmScope(vm) ? await walkAttributes(vm, 0, gfnLimit, memory.slots, pace) : null;
    let consistent = record.consistent && walk?.consistent !== false;
    const guestMemfds = new Map<number, GuestMemfdState>();
    const unreadable = new Map<number, string>();
    for (const [inode, held] of memory.guestMemfds) {
        const pages = await pagesOf(held, pace);
        if (pages === null) {
            unreadable.set(inode, 'its file descriptor was closed while it was read');
            continue;
        }
        const attributes = await guestMemfdAttributes(vm, held, pace);
        if (typeof attributes === 'string') unknown.add('attribute', `guest_memfd ${inode}: ${attributes}; shown as shared`);
        else consistent &&= attributes?.consistent !== false;
        const privatePages = attributes === null || typeof attributes === 'string' ? null : privateIn(attributes.layer);
        guestMemfds.set(inode, GuestMemfdState.atStart(held.record.flags, privatePages, pages));
    }
    for (const slot of memory.slots) {
        const problem = gmemProblem(slot, memory);
        if (problem !== null && slot.gmemInode !== null) unreadable.set(slot.gmemInode, problem);
    }
    const details = await readVmDetails(vm, pace);
    const privatePages = walk === null ? new PageSet() : privateIn(walk.layer);
    const state = ReplayState.from({ slots: memory.slots, privatePages, guestMemfds });
    const { convertsInPlace } = vm;
    return { details, scoped: { record, convertsInPlace }, state, unreadable, consistent, unknown: unknown.list() };
}

async function pagesOf({ source, record }: HeldGuestMemfd, pace: Pace): Promise<Layer | null> {
    const end = record.allocatedPages === 0 ? 0 : Number(record.size >> 12n);
    const chunks = await readChunks(pace, 0, end, (from) => source.process.readGuestMemfdPages(source.fd, from, end));
    return chunks === null ? null : makeLayer(chunks, 0, guestMemfdMeaning);
}

/** Null where the kernel keeps none for it; a string is why they cannot be read. */
async function guestMemfdAttributes(vm: OpenVm, held: HeldGuestMemfd, pace: Pace): Promise<AttributeWalk | string | null> {
    if (!held.record.hasAttributeStore) return null;
    const end = Number(held.record.size >> 12n);
    return unlessRefused(() => walkGuestMemfdAttributes(vm.id, held, 0, end, pace));
}

function privateIn({ count, first, pages, states }: Layer): PageSet {
    const set = new PageSet();
    for (let i = 0; i < count; i++) {
        const from = first[i] ?? 0;
        if (((states[i] ?? 0) & privateAttribute) !== 0) set.add(from, from + (pages[i] ?? 0));
    }
    return set;
}
