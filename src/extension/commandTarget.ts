/**
 * What a command was called on: an item of a tree, a link of a hover, a selection of the map, or nothing. Other
 * extensions may call commands too, so each part is checked.
 */
import { parseHex } from '../common/address';
import type { WireRange } from '../common/range';
import type { VmRef } from './vmStore';

export interface CommandTarget {
    readonly vm?: VmRef;
    readonly range?: WireRange;
    readonly copyText?: string;
    /** Of a recording, in microseconds since 1970. */
    readonly time?: number;
}

export function parseTarget(value: unknown): CommandTarget {
    if (typeof value !== 'object' || value === null) return {};
    const { vm, range, copyText, time } = value as Record<keyof CommandTarget, unknown>;
    return {
        ...(isVmRef(vm) ? { vm } : {}),
        ...(isWireRange(range) ? { range } : {}),
        ...(typeof copyText === 'string' ? { copyText } : {}),
        ...(Number.isSafeInteger(time) ? { time: time as number } : {}),
    };
}

function isVmRef(value: unknown): value is VmRef {
    if (typeof value !== 'object' || value === null) return false;
    const { place, id } = value as Record<keyof VmRef, unknown>;
    return typeof place === 'string' && typeof id === 'string';
}

function isWireRange(value: unknown): value is WireRange {
    if (typeof value !== 'object' || value === null) return false;
    const { gpa, size } = value as Record<keyof WireRange, unknown>;
    return [gpa, size].every((part) => typeof part === 'string' && parseHex(part) !== undefined);
}
