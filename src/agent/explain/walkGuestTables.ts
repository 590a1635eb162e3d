/**
 * A walk of the guest's own page tables, as its processor does it (Intel SDM, volume 3, chapter 4): from a guest virtual to
 * a guest physical address. How the tables are read is the caller's matter; a walk only says where it went.
 */
import { toHex } from '../../common/address';
import type { LookupStep } from '../../common/explain/addressLookup';

export interface PagingRegisters {
    readonly cr0: bigint;
    readonly cr3: bigint;
    readonly cr4: bigint;
    readonly efer: bigint;
    /** Bits of a guest physical address. */
    readonly physicalAddressBits: number;
}

/** The entry of so many bytes at a GPA, or why it cannot be read. */
export type ReadEntry = (gpa: bigint, bytes: 4 | 8) => Promise<bigint | string>;

export interface TableWalk {
    readonly steps: readonly LookupStep[];
    /** Null where it led nowhere; the last step says why. */
    readonly gpa: bigint | null;
}

const pagingBit = 1n << 31n;
const pageSizeExtension = 1n << 4n;
const physicalAddressExtension = 1n << 5n;
const fiveLevels = 1n << 12n;
const longModeActive = 1n << 10n;
const present = 1n;
const largePage = 1n << 7n;

interface Mode {
    readonly name: string;
    readonly entryBytes: 4 | 8;
    /** From the root: the lowest address bit and the number of bits that a level's index has, and the entries' name. */
    readonly levels: readonly { readonly shift: bigint; readonly bits: bigint; readonly name: string; readonly mayBePage: boolean }[];
    readonly rootMask: bigint;
}

const level = (name: string, shift: bigint, bits: bigint, mayBePage: boolean) => ({ name, shift, bits, mayBePage });

function modeOf({ cr4, efer }: PagingRegisters): Mode {
    const lower = [level('PD entry', 21n, 9n, true), level('PT entry', 12n, 9n, true)];
    if ((efer & longModeActive) !== 0n) {
        const four = [level('PML4 entry', 39n, 9n, false), level('PDPT entry', 30n, 9n, true), ...lower];
        return (cr4 & fiveLevels) === 0n
            ? { name: '4-level paging', entryBytes: 8, levels: four, rootMask: ~0xfffn }
            : { name: '5-level paging', entryBytes: 8, levels: [level('PML5 entry', 48n, 9n, false), ...four], rootMask: ~0xfffn };
    }
    if ((cr4 & physicalAddressExtension) !== 0n) {
        return { name: 'PAE paging', entryBytes: 8, levels: [level('PDPT entry', 30n, 2n, false), ...lower], rootMask: 0xffff_ffe0n };
    }
    const mayBePage = (cr4 & pageSizeExtension) !== 0n;
    return { name: '32-bit paging', entryBytes: 4, levels: [level('PD entry', 22n, 10n, mayBePage), level('PT entry', 12n, 10n, true)], rootMask: 0xffff_f000n };
}

export async function walkGuestTables(gva: bigint, registers: PagingRegisters, read: ReadEntry): Promise<TableWalk> {
    const steps: LookupStep[] = [];
    const tell = (text: string, source: string) => steps.push({ text, source });
    const { cr0, cr3, physicalAddressBits } = registers;
    if ((cr0 & pagingBit) === 0n) {
        tell('Paging is off (CR0.PG): the address is the guest physical one.', 'CR0 of the vCPU');
        return { steps, gpa: gva & 0xffff_ffffn };
    }
    const mode = modeOf(registers);
    const root = cr3 & mode.rootMask & ((1n << BigInt(physicalAddressBits)) - 1n);
    tell(`${mode.name}, the root table is at GPA ${toHex(root)}.`, 'CR0, CR3, CR4 and EFER of the vCPU');
    const wrong = unfitAddress(gva, mode);
    if (wrong !== null) {
        tell(wrong, 'the architecture');
        return { steps, gpa: null };
    }
    const frame = ((1n << BigInt(physicalAddressBits)) - 1n) & ~0xfffn;
    let table = root;
    for (const { name, shift, bits, mayBePage } of mode.levels) {
        const at = table + ((gva >> shift) & ((1n << bits) - 1n)) * BigInt(mode.entryBytes);
        const entry = await read(at, mode.entryBytes);
        if (typeof entry === 'string') {
            tell(`The ${name} at GPA ${toHex(at)} cannot be read: ${entry}.`, 'guest memory');
            return { steps, gpa: null };
        }
        const found = `${name} at GPA ${toHex(at)}: ${toHex(entry)}`;
        if ((entry & present) === 0n) {
            tell(`${found}, not present: the guest has nothing mapped there.`, 'guest memory');
            return { steps, gpa: null };
        }
        const isPage = shift === 12n || (mayBePage && (entry & largePage) !== 0n);
        if (isPage) {
            const within = (1n << shift) - 1n;
            const start = mode.entryBytes === 4 && shift === 22n ? largeStart32(entry) : entry & frame & ~within;
            tell(`${found}, a page of ${sizeName(shift)} at GPA ${toHex(start)}${rightsText(entry)}.`, 'guest memory');
            return { steps, gpa: start | (gva & within) };
        }
        table = mode.entryBytes === 4 ? entry & 0xffff_f000n : entry & frame;
        tell(`${found}, the next table is at GPA ${toHex(table)}.`, 'guest memory');
    }
    return { steps, gpa: null };
}

/** PSE-36: bits 13 to 20 of the entry are bits 32 to 39 of the address. */
const largeStart32 = (entry: bigint): bigint => (entry & 0xffc0_0000n) | (((entry >> 13n) & 0xffn) << 32n);

function unfitAddress(gva: bigint, { levels, name }: Mode): string | null {
    if (name !== '4-level paging' && name !== '5-level paging') {
        return gva >> 32n === 0n ? null : 'The address has more than 32 bits, which the guest does not use in this mode.';
    }
    const bits = (levels[0]?.shift ?? 0n) + 9n;
    const isCanonical = BigInt.asUintN(64, BigInt.asIntN(Number(bits), gva)) === gva;
    return isCanonical ? null : `The address is not canonical: bits ${bits - 1n} to 63 differ, and the guest's processor refuses it.`;
}

const sizeName = (shift: bigint): string => ({ '12': '4 KiB', '21': '2 MiB', '22': '4 MiB', '30': '1 GiB' })[String(shift)] ?? '';

const rightsText = (entry: bigint): string => `, ${(entry & 2n) === 0n ? 'read-only' : 'writable'}, ${(entry & 4n) === 0n ? 'kernel' : 'user'}`;
