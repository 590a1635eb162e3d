/**
 * Allocates the guest_memfd pages behind guest addresses, or gives them back to the host. A guest_memfd takes fallocate
 * from any process that has it, so the VMM is not stopped; whether a page exists is looked at first.
 */
import { toHex } from '../../common/address';
import type { OtherChangeReport } from '../../common/change';
import { errors, GuestmemError } from '../../common/errors';
import { findRun, type PageRuns } from '../../common/pageRuns';
import { gmemStateOf, isPrivate } from '../../common/pageState';
import { formatRange, type GpaRange } from '../../common/range';
import type { SlotRow } from '../details/memslots';
import type { HeldGuestMemfd } from '../guestMemfd/guestMemfds';
import type { Pace } from '../pace';
import { readPageMap } from '../pages/pageMap';
import { windowOf, type Window } from '../pages/window';
import type { OpenVm } from '../discovery/vmDirectory';
import { gmemProblem, readVmMemory, type VmMemory } from '../details/vmMemory';
import { partialChange, type PreparedChange } from './preparedChange';
import { requireSameMemslots } from './sameMemslots';

/** Pages in one call, 64 MiB: between two of them the user can cancel. */
const largestPiece = 1 << 14;
/** Ranges that an undo holds at most. */
const undoLimit = 10_000;

/** Consecutive pages of one memslot that are to be changed. */
interface Piece extends Window {
    readonly slot: SlotRow;
}

export async function prepareAllocation(vm: OpenVm, kind: 'allocate' | 'punch', ranges: readonly GpaRange[], pace: Pace): Promise<PreparedChange<OtherChangeReport>> {
    const memory = readVmMemory(vm);
    const pieces: Piece[] = [];
    let pages = 0;
    let privatePages = 0;
    for (const range of ranges) {
        const { runs } = await readPageMap(vm, 0, range, false, pace);
        const found = piecesIn(vm, memory, kind, windowOf(range), runs);
        pieces.push(...found.pieces);
        pages += Number(range.size >> 12n);
        privatePages += found.privatePages;
    }
    const pagesChanged = pagesOf(pieces);
    const preview: OtherChangeReport = {
        change: kind,
        executor: 'direct',
        range: extentOf(ranges),
        pagesChanged,
        pagesAlready: pages - pagesChanged,
        warnings: pagesChanged === 0 ? [] : warningsFor(kind, pieces, privatePages, memory),
        stoppedMicroseconds: 0,
        dryRun: true,
        undo: kind === 'allocate' && pagesChanged > 0 && pieces.length <= undoLimit ? { kind: 'punch', ranges: pieces.map(wireRange) } : null,
    };
    return { preview, execute: (pace) => change(vm, memory, preview, pieces, pace) };
}

const wireRange = ({ gfn, end }: Window) => ({ gpa: toHex(BigInt(gfn) << 12n), size: toHex(BigInt(end - gfn) << 12n) });

function extentOf(ranges: readonly GpaRange[]): string {
    const first = ranges[0];
    const last = ranges.at(-1);
    if (first === undefined || last === undefined) throw errors.usage('There is nothing to change: give at least one range.');
    return formatRange({ start: first.start, size: last.start + last.size - first.start });
}

function piecesIn(vm: OpenVm, memory: VmMemory, kind: 'allocate' | 'punch', window: Window, runs: PageRuns) {
    const pieces: { slot: SlotRow; gfn: number; end: number }[] = [];
    let privatePages = 0;
    let at = window.gfn;
    for (let i = findRun(runs, window.gfn); i < runs.count && at < window.end; i++) {
        const gfn = Math.max(window.gfn, runs.gfns[i] ?? 0);
        const end = Math.min(window.end, (runs.gfns[i] ?? 0) + (runs.pages[i] ?? 0));
        const slot = memory.slots.find((row) => row.addressSpace === 0 && row.id === runs.memslots[i]);
        if (gfn > at || slot === undefined) throw outside(window);
        requireGuestMemfd(vm, slot, memory);
        const state = runs.states[i] ?? 0;
        const absent = gmemStateOf(state) === 'absent';
        if (absent === (kind === 'allocate')) {
            if (isPrivate(state)) privatePages += end - gfn;
            const last = pieces.at(-1);
            if (last?.slot === slot && last.end === gfn) last.end = end;
            else pieces.push({ slot, gfn, end });
        }
        at = end;
    }
    if (at < window.end) throw outside(window);
    return { pieces, privatePages };
}

const outside = ({ gfn, end }: Window) =>
    new GuestmemError('outside-memslots', `${toHex(BigInt(gfn) << 12n)}+${toHex(BigInt(end - gfn) << 12n)} is not covered by memslots. Name a part that is.`);

function requireGuestMemfd(vm: OpenVm, slot: SlotRow, memory: VmMemory): void {
    const tried = `Changing the guest_memfd pages of memslot ${slot.id}`;
    if (!slot.hasGuestMemfd) throw errors.unsupported(tried, 'it has no guest_memfd', { memslot: slot.id });
    const problem = gmemProblem(slot, memory);
    if (problem !== null) throw errors.unsupported(tried, problem, { memslot: slot.id, pid: vm.process.pid });
}

function warningsFor(kind: 'allocate' | 'punch', pieces: readonly Piece[], privatePages: number, memory: VmMemory): string[] {
    if (kind === 'allocate') {
        return [
            'The host spends this memory at once, also for pages that the guest never uses.',
            'An undo gives these pages back with what the guest has by then written there.',
        ];
    }
    const warnings = ['What these pages hold is lost, and there is no undo: the next access finds a new page of zeros.'];
    if (privatePages > 0) warnings.push(`${privatePages} of the pages are private: the guest uses them now.`);
    const slots = new Set(pieces.map(({ slot }) => slot));
    for (const slot of slots) {
        const sharers = memory.slots.filter((other) => other !== slot && other.gmemInode === slot.gmemInode && overlap(slot, other));
        if (sharers.length > 0) {
            warnings.push(`The same pages of the guest_memfd are bound to memslot ${sharers.map(({ id, addressSpace }) => `${id} of address space ${addressSpace}`).join(', ')}, too.`);
        }
    }
    return warnings;
}

const overlap = (a: SlotRow, b: SlotRow) => a.gmemPage < b.gmemPage + b.end - b.gfn && b.gmemPage < a.gmemPage + a.end - a.gfn;

async function change(vm: OpenVm, memory: VmMemory, preview: OtherChangeReport, pieces: readonly Piece[], pace: Pace): Promise<OtherChangeReport> {
    const allocate = preview.change === 'allocate';
    const done: { gfn: number; end: number }[] = [];
    let begun: readonly Piece[] = [];
    const report = (): OtherChangeReport => ({
        ...preview,
        pagesChanged: pagesOf(done),
        undo: preview.undo === null || done.length === 0 || done.length > undoLimit ? null : { kind: 'punch', ranges: done.map(wireRange) },
        dryRun: false,
    });
    pace.begin(preview.pagesChanged);
    try {
        for (const { slot, gfn, end } of pieces) {
            for (let at = gfn; at < end; at += largestPiece) {
                await pace.breathe();
                pace.throwIfCancelled();
                const piece = { slot, gfn: at, end: Math.min(end, at + largestPiece) };
                // The guest uses its memory meanwhile: what is there by now is not ours to take back.
                begun = allocate ? absentIn(piece, presentIn(vm, memory, piece)) : [piece];
                for (const part of begun) {
                    changePiece(vm, memory, allocate, part);
                    append(done, part);
                }
                begun = [];
                pace.advance(piece.end - piece.gfn);
            }
        }
    } catch (thrown) {
        // The parts of this piece that were done are the first ones; of another the call may have failed midway.
        const end = done.at(-1)?.end ?? 0;
        if (allocate) begun.filter((part) => part.end > end).forEach((part) => allocatedIn(vm, memory, part).forEach((found) => append(done, found)));
        if (done.length === 0) throw thrown;
        throw partialChange(report(), preview.pagesChanged, thrown);
    }
    const missed = preview.pagesChanged - pagesOf(done);
    const warnings = missed > 0 ? [`${missed} of the pages were allocated meanwhile by the guest or the VMM; an undo leaves them.`] : [];
    return { ...report(), pagesAlready: preview.pagesAlready + missed, warnings: [...preview.warnings, ...warnings] };
}

function append(windows: { gfn: number; end: number }[], { gfn, end }: Window): void {
    const last = windows.at(-1);
    if (last?.end === gfn) last.end = end;
    else windows.push({ gfn, end });
}

const pagesOf = (windows: readonly Window[]): number => windows.reduce((sum, { gfn, end }) => sum + end - gfn, 0);

/** The pages of a piece that the guest_memfd has now: one look, for a piece is small. */
function presentIn(vm: OpenVm, memory: VmMemory, { slot, gfn, end }: Piece): readonly Window[] {
    const shift = slot.gfn - slot.gmemPage;
    const { source } = heldOf(vm, memory, slot);
    const found = source.process.readGuestMemfdPages(source.fd, gfn - shift, end - shift);
    if (found === null) throw errors.vmGone(vm.id);
    return Array.from(found.first, (first, index) => ({ gfn: first + shift, end: first + shift + (found.pages[index] ?? 0) }));
}

function absentIn(piece: Piece, present: readonly Window[]): readonly Piece[] {
    const parts: Piece[] = [];
    let at = piece.gfn;
    for (const { gfn, end } of [...present, { gfn: piece.end, end: piece.end }]) {
        if (gfn > at) parts.push({ slot: piece.slot, gfn: at, end: gfn });
        at = end;
    }
    return parts;
}

/**
 * What of a part is allocated after a call that failed in the middle of it: before, none of it was. Where that cannot be
 * read, all of it may be.
 */
function allocatedIn(vm: OpenVm, memory: VmMemory, part: Piece): readonly Window[] {
    try {
        return presentIn(vm, memory, part);
    } catch {
        return [part];
    }
}

function heldOf(vm: OpenVm, memory: VmMemory, { gmemInode }: SlotRow): HeldGuestMemfd {
    const held = gmemInode === null ? undefined : memory.guestMemfds.get(gmemInode);
    if (held === undefined) throw errors.vmGone(vm.id);
    return held;
}

function changePiece(vm: OpenVm, memory: VmMemory, allocate: boolean, { slot, gfn, end }: Piece): void {
    const { source, record } = heldOf(vm, memory, slot);
    const offset = BigInt(gfn - slot.gfn + slot.gmemPage) << 12n;
    const size = BigInt(end - gfn) << 12n;
    const tried = `fallocate on the guest_memfd of memslot ${slot.id}, offset ${toHex(offset)}+${toHex(size)}`;
    requireSameMemslots(vm, [slot], tried);
    const error = source.process.changeAllocation(source.fd, record.inode, allocate, offset, size);
    if (error === 'gone') throw errors.vmGone(vm.id);
    if (error !== null) throw errors.kernel(tried, error, { memslot: slot.id });
}
