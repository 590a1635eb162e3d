/**
 * Guest memory as bytes, looked at where a page exists and nowhere else: residency is read first, holes become zeros
 * without being touched, private memory is not read.
 */
import { toHex } from '../../common/address';
import { errors, GuestmemError } from '../../common/errors';
import type { PackedMemoryRead } from '../../common/agentProtocol';
import type { ReadRange, ReadSource } from '../../common/model';
import { findRun } from '../../common/pageRuns';
import { gmemStateOf, hvaBackingOf, isPrivate, type PageState } from '../../common/pageState';
import { makeRange } from '../../common/range';
import { kindOf, mapsOwnGuestMemfd } from '../details/backing';
import type { SlotRow } from '../details/memslots';
import type { Pace } from '../pace';
import { takePageMap, type PageMapInColumns } from './pageMap';
import { mappingAt } from '../discovery/processMaps';
import type { OpenVm } from '../discovery/vmDirectory';
import type { VmMemory } from '../details/vmMemory';

/** Most bytes that one request returns. */
export const readLimit = 256n << 20n;

/** `start` and `size` in bytes, not necessarily whole pages. */
export async function readGuestMemory(
    vm: OpenVm,
    start: bigint,
    size: bigint,
    pace: Pace,
    addressSpace = 0,
    known?: VmMemory,
): Promise<PackedMemoryRead> {
    const { map, memory } = await takePageMap(vm, addressSpace, pagesAround(start, size), false, pace, known);
    if (!map.runs.memslots.some((slot) => slot >= 0)) throw errors.outsideMemslots(`${toHex(start)}+${toHex(size)}`);
    const read = new Reading(vm, memory, map, start, size).run();
    if (read.ranges.every(({ source }) => source === 'private')) throw privateMemory(vm.id, read);
    return read;
}

function pagesAround(start: bigint, size: bigint) {
    const first = start & ~0xfffn;
    return makeRange(first, ((start + size + 0xfffn) & ~0xfffn) - first);
}

function privateMemory(vm: string, read: PackedMemoryRead): GuestmemError {
    return new GuestmemError(
        'private-memory',
        `All of ${read.gpa}+${read.size} is private memory of the VM ${vm}, which the host must not read. Convert it to shared first if its content may be lost, or read another range.`,
        { ...read, bytes: Buffer.from(read.bytes).toString('base64') },
    );
}

class Reading {
    private readonly bytes: Uint8Array;
    private readonly ranges: { start: bigint; size: bigint; source: ReadSource }[] = [];

    constructor(
        private readonly vm: OpenVm,
        /** What the map was made of. */
        private readonly memory: VmMemory,
        private readonly map: PageMapInColumns,
        private readonly start: bigint,
        size: bigint,
    ) {
        this.bytes = new Uint8Array(Number(size));
    }

    run(): PackedMemoryRead {
        const { runs } = this.map;
        const end = this.start + BigInt(this.bytes.length);
        let at = this.start;
        for (let i = findRun(runs, Number(at >> 12n)); i < runs.count && at < end; i++) {
            const first = BigInt(runs.gfns[i] ?? 0) << 12n;
            const last = first + (BigInt(runs.pages[i] ?? 0) << 12n);
            if (first > at) at = this.tell(at, first < end ? first : end, 'outside');
            const until = last < end ? last : end;
            while (at < until) at = this.copyFrom(at, until, runs.memslots[i] ?? -1, runs.states[i] ?? 0);
        }
        if (at < end) this.tell(at, end, 'outside');
        const ranges: ReadRange[] = this.ranges.map(({ start, size, source }) => ({ gpa: toHex(start), size: toHex(size), source }));
        return { gpa: toHex(this.start), size: toHex(this.bytes.length), bytes: this.bytes, ranges };
    }

    /** Merges with the range before; returns `to`. */
    private tell(from: bigint, to: bigint, source: ReadSource): bigint {
        const last = this.ranges.at(-1);
        if (last?.source === source && last.start + last.size === from) last.size += to - from;
        else this.ranges.push({ start: from, size: to - from, source });
        return to;
    }

    /** Copies from one run as far as one mapping goes; returns where to go on. */
    private copyFrom(from: bigint, until: bigint, memslot: number, state: PageState): bigint {
        const slot = this.memory.slots.find((candidate) => candidate.addressSpace === this.map.addressSpace && candidate.id === memslot);
        if (slot === undefined) return this.tell(from, until, 'outside');
        if (isPrivate(state)) return this.tell(from, until, 'private');
        const mappingEnd = this.mappingEnd(slot.hva + from - (BigInt(slot.gfn) << 12n));
        const to = mappingEnd === null || from + mappingEnd > until ? until : from + mappingEnd;
        const into = this.bytes.subarray(Number(from - this.start), Number(to - this.start));
        const gmem = this.guestMemfdBytes(slot, from);
        if (gmem !== null) {
            const gmemState = gmemStateOf(state);
            // A page that is allocated and not prepared reads as zeros when the guest first uses it.
            if (gmemState === 'absent' || gmemState === 'allocated') return this.tell(from, to, 'hole');
            return this.copied(from, to, into, gmemState === 'prepared' ? gmem(into) : -1);
        }
        return this.copyHva(slot, from, to, into, state);
    }

    /** How to copy from the guest_memfd, where that is what the guest uses; null where the HVA side is. */
    private guestMemfdBytes(slot: SlotRow, from: bigint): ((into: Uint8Array) => number) | null {
        const offset = from - (BigInt(slot.gfn) << 12n);
        const mapping = this.mappingAt(slot.hva + offset);
        if (!slot.gmemOnly && !(mapping !== undefined && mapsOwnGuestMemfd(slot, mapping))) return null;
        const held = slot.gmemInode === null ? undefined : this.memory.guestMemfds.get(slot.gmemInode);
        if (held === undefined) return () => -1;
        const inFile = (BigInt(slot.gmemPage) << 12n) + offset;
        return (into) => held.source.process.readGuestMemfdBytes(held.source.fd, inFile, into);
    }

    private copyHva(slot: SlotRow, from: bigint, to: bigint, into: Uint8Array, state: PageState): bigint {
        const hva = slot.hva + from - (BigInt(slot.gfn) << 12n);
        const mapping = this.mappingAt(hva);
        const kind = mapping === undefined ? 'unmapped' : kindOf(mapping, this.memory.filesystems);
        // Reading a device may change it.
        if (kind === 'device') return this.tell(from, to, 'unreadable');
        const backing = hvaBackingOf(state, 0);
        switch (backing.state) {
            case 'present':
                return backing.mapped
                    ? this.copied(from, to, into, this.vm.process.readMemory(hva, into))
                    : this.copied(from, to, into, this.vm.process.readMappedFile(hva, into));
            case 'zero':
                return this.tell(from, to, 'page');
            case 'absent':
                // The guest would read a file's content from disk, which is not known without reading it in.
                return this.tell(from, to, kind === 'file' ? 'unreadable' : 'hole');
            case 'swapped':
            case 'none':
            case null:
                return this.tell(from, to, 'unreadable');
        }
    }

    /** A copy that came short says up to where there was a page. */
    private copied(from: bigint, to: bigint, into: Uint8Array, count: number): bigint {
        const read = Math.max(0, count);
        into.fill(0, read);
        const until = from + BigInt(read);
        if (read > 0) this.tell(from, until, 'page');
        return until < to ? this.tell(until, to, 'unreadable') : to;
    }

    /** Bytes from `hva` to the end of its mapping; null where nothing is mapped. */
    private mappingEnd(hva: bigint): bigint | null {
        const mapping = this.mappingAt(hva);
        return mapping === undefined ? null : (BigInt(mapping.end) << 12n) - hva;
    }

    private mappingAt(hva: bigint) {
        return mappingAt(this.memory.mappings ?? [], Number(hva >> 12n));
    }
}
