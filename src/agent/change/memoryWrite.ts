/**
 * Writes guest memory: shared pages that exist and that the VMM maps, no others, so that nothing is allocated. What was
 * there before is read first, for the undo, and what is there afterwards is read back.
 */
import { toHex } from '../../common/address';
import type { OtherChangeReport } from '../../common/change';
import { errors, GuestmemError } from '../../common/errors';
import { findRun } from '../../common/pageRuns';
import { guestCopyOf, hvaBackingOf, isPrivate, isSamePage } from '../../common/pageState';
import { makeRange } from '../../common/range';
import type { SlotRow } from '../details/memslots';
import { readGuestMemory } from '../pages/memoryRead';
import type { Pace } from '../pace';
import { readPageMap } from '../pages/pageMap';
import type { OpenVm } from '../discovery/vmDirectory';
import { readVmMemory } from '../details/vmMemory';
import { partialChange, type PreparedChange } from './preparedChange';
import { requireSameMemslots } from './sameMemslots';

/** Most bytes of one write. */
export const writeLimit = 1 << 16;

interface Part {
    readonly hva: bigint;
    /** Where in the bytes to write. */
    readonly from: number;
    readonly to: number;
}

interface Place {
    readonly parts: readonly Part[];
    /** The memslots that they lie in. */
    readonly used: readonly SlotRow[];
}

interface Content {
    readonly start: bigint;
    readonly bytes: Uint8Array;
    /** What was there. */
    readonly before: Uint8Array;
}

const undoOf = (start: bigint, before: Uint8Array) => ({ kind: 'write', gpa: toHex(start), bytes: Buffer.from(before).toString('base64') }) as const;

export async function prepareWrite(vm: OpenVm, start: bigint, bytes: Uint8Array, pace: Pace): Promise<PreparedChange<OtherChangeReport>> {
    const range = `${toHex(start)}+${toHex(bytes.length)}`;
    const { parts, used } = await writableParts(vm, start, bytes.length, range, pace);
    const { bytes: before, ranges } = await readGuestMemory(vm, start, BigInt(bytes.length), pace);
    // What could not be read counts as zeros, which an undo must not write.
    if (!ranges.every(({ source }) => source === 'page')) {
        throw errors.unsupported(`Writing guest memory at ${range}`, 'what it holds now could not be read in full, so the write could not be undone');
    }
    const differing = countPages(start, (index) => bytes[index] !== before[index], bytes.length);
    const touched = countPages(start, () => true, bytes.length);
    const preview: OtherChangeReport = {
        change: 'write',
        executor: 'direct',
        range,
        pagesChanged: differing,
        pagesAlready: touched - differing,
        warnings: differing === 0 ? [] : warningsFor(used),
        stoppedMicroseconds: 0,
        dryRun: true,
        undo: differing === 0 ? null : undoOf(start, before),
    };
    return { preview, execute: (pace) => write(vm, preview, { parts, used }, { start, bytes, before }, pace) };
}

function warningsFor(used: readonly SlotRow[]): string[] {
    const rom = used.filter((slot) => slot.readonly).map(({ id }) => id);
    const logged = used.filter((slot) => slot.logsDirtyPages).map(({ id }) => id);
    const warnings = ['The guest runs on meanwhile: it may read half of the write, or write there itself.'];
    if (rom.length > 0) warnings.push(`Memslot ${rom.join(', ')} is read-only for the guest: it does not expect its content to change.`);
    if (logged.length > 0) warnings.push(`KVM does not log what the host writes: a migration that relies on the dirty log of memslot ${logged.join(', ')} may miss it.`);
    return warnings;
}

/** How many pages have an index that counts. */
function countPages(start: bigint, counts: (index: number) => boolean, length: number): number {
    const pages = new Set<bigint>();
    for (let index = 0; index < length; index++) if (counts(index)) pages.add((start + BigInt(index)) >> 12n);
    return pages.size;
}

async function writableParts(vm: OpenVm, start: bigint, length: number, range: string, pace: Pace) {
    const end = start + BigInt(length);
    const first = start & ~0xfffn;
    const { runs } = await readPageMap(vm, 0, makeRange(first, ((end + 0xfffn) & ~0xfffn) - first), false, pace);
    const { slots } = readVmMemory(vm);
    const parts: Part[] = [];
    const used = new Set<SlotRow>();
    let at = start;
    for (let i = findRun(runs, Number(start >> 12n)); i < runs.count && at < end; i++) {
        const runStart = BigInt(runs.gfns[i] ?? 0) << 12n;
        const runEnd = runStart + (BigInt(runs.pages[i] ?? 0) << 12n);
        const slot = slots.find((row) => row.addressSpace === 0 && row.id === runs.memslots[i]);
        if (runStart > at || slot === undefined) throw errors.outsideMemslots(range);
        const state = runs.states[i] ?? 0;
        const detail = runs.details[i] ?? 0;
        if (isPrivate(state)) {
            throw new GuestmemError('private-memory', `${toHex(at)} is private memory of the VM ${vm.id}, which the host must not write. Convert it to shared first, if its content may be lost.`);
        }
        const backing = hvaBackingOf(state, detail);
        const isGuestsCopy = guestCopyOf(detail) === 'hva' || isSamePage(state);
        if (!isGuestsCopy || backing.state !== 'present' || !backing.mapped) {
            const why = isGuestsCopy ? 'no page that the VMM maps is there, and a write would allocate one' : 'the guest uses the guest_memfd there, which the VMM does not map';
            throw errors.unsupported(`Writing guest memory at ${toHex(at)}`, why, { gpa: toHex(at) });
        }
        if (backing.rights !== null && backing.rights[1] !== 'w') {
            throw errors.unsupported(`Writing guest memory at ${toHex(at)}`, `it is written through the VMM's mapping, whose rights are ${backing.rights}`, { gpa: toHex(at) });
        }
        used.add(slot);
        const until = runEnd < end ? runEnd : end;
        parts.push({ hva: slot.hva + at - (BigInt(slot.gfn) << 12n), from: Number(at - start), to: Number(until - start) });
        at = until;
    }
    if (at < end) throw errors.outsideMemslots(range);
    return { parts, used: [...used] };
}

async function write(vm: OpenVm, preview: OtherChangeReport, { parts, used }: Place, { start, bytes, before }: Content, pace: Pace): Promise<OtherChangeReport> {
    requireSameMemslots(vm, used, `Writing guest memory at ${preview.range}`);
    let done = 0;
    try {
        for (const { hva, from, to } of parts) {
            const written = vm.process.writeMemory(hva, bytes.subarray(from, to));
            done += written;
            if (written < to - from) throw errors.kernel(`Writing guest memory at ${toHex(start + BigInt(done))}`, 'EFAULT', { hva: toHex(hva) });
        }
    } catch (thrown) {
        if (done === 0) throw thrown;
        const pagesChanged = countPages(start, (index) => bytes[index] !== before[index], done);
        const undo = undoOf(start, before.subarray(0, done));
        throw partialChange({ ...preview, pagesChanged, undo, dryRun: false }, preview.pagesChanged, thrown);
    }
    return { ...preview, warnings: [...preview.warnings, ...(await changedAgain(vm, start, bytes, pace))], dryRun: false };
}

/** This does not fail, nor is it cancelled: the bytes were written, and the report must say so. */
async function changedAgain(vm: OpenVm, start: bigint, bytes: Uint8Array, pace: Pace): Promise<readonly string[]> {
    try {
        const now = (await readGuestMemory(vm, start, BigInt(bytes.length), pace)).bytes;
        const different = countPages(start, (index) => now[index] !== bytes[index], bytes.length);
        return different === 0 ? [] : [`All bytes were written, and ${different} of the pages hold others again: the guest writes there itself.`];
    } catch (thrown) {
        const cause = thrown instanceof Error ? thrown.message : String(thrown);
        return [`All bytes were written, and could not be read again to see whether they still are there: ${cause}`];
    }
}
