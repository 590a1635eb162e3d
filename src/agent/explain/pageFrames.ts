/** Host physical frames behind the addresses of a process, from /proc/PID/pagemap; told only to who has CAP_SYS_ADMIN. */
import { closeSync, openSync, readSync } from 'node:fs';
import { errors, GuestmemError } from '../../common/errors';
import type { Pace } from '../pace';

/** Entries of one read: half a GiB of memory. */
const chunk = 1 << 17;

export class PageFrames {
    private readonly file: number;
    private readonly buffer: Uint32Array;

    constructor(pid: number, most = chunk) {
        try {
            this.file = openSync(`/proc/${pid}/pagemap`, 'r');
        } catch (thrown) {
            throw notReadable(pid, thrown);
        }
        this.buffer = new Uint32Array(2 * most);
    }

    close(): void {
        closeSync(this.file);
    }

    /** The frame of a page (HVA / 4096). Null where none is mapped; "hidden" without CAP_SYS_ADMIN. */
    frameOf(page: number): bigint | 'hidden' | null {
        return this.read(page, 1) === 0 ? null : frameAt(this.buffer, 0);
    }

    /** Pages of [start, end) that have this frame; "hidden" when the kernel does not tell frames. */
    async find(frame: bigint, start: number, end: number, pace: Pace): Promise<number[] | 'hidden'> {
        const found: number[] = [];
        const low = Number(frame & 0xffff_ffffn);
        let isTold = false;
        let isHidden = false;
        for (let at = start; at < end; ) {
            const count = this.read(at, Math.min(this.buffer.length / 2, end - at));
            if (count === 0) break;
            for (let i = 0; i < count; i++) {
                const high = this.buffer[2 * i + 1] ?? 0;
                if ((high & present) === 0) continue;
                if ((this.buffer[2 * i] ?? 0) !== 0) isTold = true;
                else isHidden = true;
                if ((this.buffer[2 * i] ?? 0) === low && frameAt(this.buffer, i) === frame) found.push(at + i);
            }
            at += count;
            await pace.breathe();
        }
        return isHidden && !isTold ? 'hidden' : found;
    }

    private read(page: number, count: number): number {
        return readSync(this.file, this.buffer, 0, 8 * count, 8 * page) >> 3;
    }
}

/** Bit 63 of an entry, in its upper half. */
const present = 1 << 31;

/** Bits 0 to 54 are the frame, zeros where it may not be told. */
function frameAt(entries: Uint32Array, i: number): bigint | 'hidden' | null {
    const high = entries[2 * i + 1] ?? 0;
    if ((high & present) === 0) return null;
    const frame = (BigInt(high & 0x7f_ffff) << 32n) | BigInt(entries[2 * i] ?? 0);
    return frame === 0n ? 'hidden' : frame;
}

export const framesHidden = 'the kernel tells frame numbers only to who has CAP_SYS_ADMIN: run guestmem as root, for example with sudo';

function notReadable(pid: number, thrown: unknown): GuestmemError {
    const code = (thrown as NodeJS.ErrnoException).code ?? String(thrown);
    if (code === 'ENOENT' || code === 'ESRCH') return errors.processGone(pid);
    return errors.notPermitted(`Reading /proc/${pid}/pagemap`, code, 'Run guestmem as root, for example with sudo.', { errno: code });
}
