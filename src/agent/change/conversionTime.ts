/**
 * How long the kernel takes for a conversion: measured on this host, on a VM of the same type that is made for it and
 * thrown away. The VM's own memory, of which more is in use, may take longer.
 */
import type { ConversionTime } from '../../../native/index';
import type { KernelTime } from '../../common/change';
import { toGuestmemError } from '../../common/errors';
import type { Attribute } from '../../common/model';
import type { OpenVm } from '../discovery/vmDirectory';
import { native } from '../native';
import type { Window } from '../pages/window';
import { largestPiece } from './conversionPlan';

/** By VM type, for as long as the agent lives; a text is why it could not be measured. */
const measured = new Map<number, ConversionTime | string>();

export interface PlannedPiece extends Window {
    readonly to: Attribute;
}

/** The reason where it is not known. */
export function estimateKernelTime({ record }: OpenVm, pieces: Iterable<PlannedPiece>): KernelTime | string {
    if (record.type === null) return 'this kernel does not tell the type of the VM, of which another one would have to be made to measure it';
    const time = measured.get(record.type) ?? measure(record.type);
    measured.set(record.type, time);
    if (typeof time === 'string') return time;
    let microseconds = 0;
    let longest = 0;
    let count = 0;
    for (const { gfn, end, to } of pieces) {
        const piece = ((to === 'private' ? time.toPrivate : time.toShared) * (end - gfn)) / largestPiece;
        microseconds += piece;
        longest = Math.max(longest, piece);
        count++;
    }
    return { microseconds: Math.ceil(microseconds), pieces: count, longestPieceMicroseconds: Math.ceil(longest) };
}

function measure(type: number): ConversionTime | string {
    try {
        return native().measureConversion(type);
    } catch (thrown) {
        return `it could not be measured on another VM of this type: ${toGuestmemError(thrown).message}`;
    }
}
