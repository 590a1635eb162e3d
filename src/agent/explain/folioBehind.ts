/** The folio behind an address of a process: the frame by its page table, the counts by the kernel's record of the frame. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { FrameFolio } from '../../../native/index';
import { GuestmemError } from '../../common/errors';
import { native } from '../native';
import { framesHidden, PageFrames } from './pageFrames';

/** The page may be moved, split or freed between two looks; seldom twice. */
const attempts = 3;

/**
 * Null where the process has no memory of its own mapped at `page` (HVA / 4096): nothing, a device, or the kernel's page of
 * zeros. A string says why it cannot be known.
 */
export function folioBehind(pid: number, page: number): FrameFolio | string | null {
    try {
        return lookBehind(pid, page);
    } catch (thrown) {
        const isRefused = thrown instanceof GuestmemError ? thrown.code === 'not-permitted' : (thrown as NodeJS.ErrnoException).syscall === 'open';
        if (isRefused && thrown instanceof Error) return thrown.message;
        throw thrown;
    }
}

function lookBehind(pid: number, page: number): FrameFolio | string | null {
    const frames = new PageFrames(pid, 1);
    try {
        for (let attempt = 0; attempt < attempts; attempt++) {
            const frame = frames.frameOf(page);
            if (frame === null) return null;
            if (frame === 'hidden') return framesHidden;
            const isShown = !isOfNobody(frame);
            const folio = isShown ? native().frameFolio(Number(frame)) : null;
            if (frames.frameOf(page) !== frame) continue;
            if (folio !== null || !isShown) return folio;
        }
        return 'the page behind the HVA was moved or split each time it was looked at, or this kernel does not tell of it';
    } finally {
        frames.close();
    }
}

/** KPF_NOPAGE, KPF_ZERO_PAGE and KPF_RESERVED of the kernel's page flags. */
const ofNobody = (1n << 20n) | (1n << 24n) | (1n << 32n);

/** No memory is at the frame, or not such as anybody is given. Source: /proc/kpageflags, which root alone may open. */
function isOfNobody(frame: bigint): boolean {
    const flags = new BigUint64Array(1);
    const file = openSync('/proc/kpageflags', 'r');
    try {
        const bytes = readSync(file, new Uint8Array(flags.buffer), 0, 8, 8n * frame);
        return bytes !== 8 || flags[0] === 0n || ((flags[0] ?? 0n) & ofNobody) !== 0n;
    } finally {
        closeSync(file);
    }
}
