/** Which pages both sides of a memslot hold, from cachestat(2) and /proc/PID/pagemap: a witness beside the maps. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { PageTotals } from '../../src/common/model';
import { compileFixture } from '../native/fixtures';
import type { DemoMemslot, DemoVmm } from './demoVmm';
import { presentPages } from './pagemap';
import { hex, page } from './pages';

/** For each page of the memslot. Only for one whose HVA does not map its guest_memfd: there both are one page. */
export function doubleBackedPages({ report }: DemoVmm, slot: DemoMemslot): boolean[] {
    const atHva = presentPages(report.pid, BigInt(slot.hva), BigInt(slot.size));
    const { guestMemfd } = slot;
    if (guestMemfd === null) return atHva.map(() => false);
    const offset = Number(BigInt(guestMemfd.offset) / page);
    const words = [report.pid, guestMemfd.fd, offset + atHva.length].map(String);
    const cached = execFileSync(compileFixture('cached_pages.c'), words, { encoding: 'utf8' });
    return atHva.map((isAtHva, index) => isAtHva && cached[offset + index] === '1');
}

/** What the witness says of these memslots, as the totals of a map have it. */
export function doubleBackedTotals(vmm: DemoVmm, slots: readonly DemoMemslot[]): Map<number, string> {
    const bytes = (slot: DemoMemslot) => BigInt(doubleBackedPages(vmm, slot).filter(Boolean).length) * page;
    return new Map(slots.map((slot) => [slot.id, hex(bytes(slot))]));
}

export const totalsOf = ({ memslots }: PageTotals): Map<number, string> =>
    new Map(memslots.map(({ memslot, doubleBacked }) => [memslot, doubleBacked]));

export const sumOf = (totals: ReadonlyMap<number, string>): string => hex([...totals.values()].reduce((sum, bytes) => sum + BigInt(bytes), 0n));

/** The byte at an HVA as the VMM itself has it. */
export function readAtHva(pid: number, hva: bigint): number {
    const byte = new Uint8Array(1);
    const file = openSync(`/proc/${pid}/mem`, 'r');
    readSync(file, byte, 0, 1, Number(hva));
    closeSync(file);
    return byte[0] ?? 0;
}

/** As if the VMM wrote there. */
export function writeAtHva(pid: number, hva: bigint, byte: number): void {
    const file = openSync(`/proc/${pid}/mem`, 'r+');
    writeSync(file, Uint8Array.of(byte), 0, 1, Number(hva));
    closeSync(file);
}
