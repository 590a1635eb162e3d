/** Parameters of requests are hostile until they have passed here. Every check throws `usage` and says which rule was broken. */
import { addressLimit, gpa, parseHex, type Gpa } from '../common/address';
import { errors } from '../common/errors';
import type { Attribute } from '../common/model';
import { makeRange, type GpaRange } from '../common/range';

/** `pid`, `pid:fd`, or `pid:0xHVA` of a mapping that keeps the VM. */
export interface VmReference {
    readonly pid: number;
    readonly fd: number | null;
    readonly hva: bigint | null;
}

export type Fields = Readonly<Record<string, unknown>>;

export function checkFields(params: unknown): Fields {
    if (typeof params !== 'object' || params === null || Array.isArray(params)) {
        throw errors.usage('The parameters of a request must be an object.');
    }
    return params as Fields;
}

/** Quotes what was given, cut to a length that does no harm in a message. */
export function quote(value: unknown): string {
    const text = typeof value === 'string' ? value : (JSON.stringify(value) as string | undefined) ?? 'nothing';
    return `'${text.length > 80 ? text.slice(0, 79) + '…' : text}'`;
}

/** Linux's largest pid is below 2^22, its largest fd below 2^31. */
const largestPid = 2 ** 22;
const largestFd = 2 ** 31;

export function checkVm(value: unknown): VmReference {
    const form = /^([1-9][0-9]{0,6})(?::(?:([0-9]{1,10})|(0x[0-9a-f]{1,16})))?$/;
    const [, pid, fd, hva] = (typeof value === 'string' ? form.exec(value) : null) ?? [];
    if (pid === undefined || Number(pid) > largestPid || Number(fd ?? 0) >= largestFd) {
        throw errors.usage(`${quote(value)} names no VM: give PID, PID:FD or PID:0xHVA, as 'guestmem vms' lists them.`);
    }
    return { pid: Number(pid), fd: fd === undefined ? null : Number(fd), hva: hva === undefined ? null : BigInt(hva) };
}

export function checkAddressSpace(value: unknown): number {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffff) {
        throw errors.usage(`${quote(value)} is no address space: give a small number, 0 for the usual one.`);
    }
    return value as number;
}

export function checkHex(value: unknown, what: string): bigint {
    const parsed = typeof value === 'string' ? parseHex(value) : undefined;
    if (parsed === undefined) throw errors.usage(`${quote(value)} is no ${what}: give hex with 0x, at most 64 bits.`);
    return parsed;
}

export const checkGpa = (value: unknown): Gpa => gpa(checkHex(value, 'guest physical address'));

export function checkRange(value: unknown): GpaRange {
    const { gpa: start, size } = checkFields(value);
    return makeRange(checkHex(start, 'guest physical address'), checkHex(size, 'size'));
}

/** Bytes at any address, no more than `limit` of them. */
export function checkBytes(start: unknown, size: unknown, limit: bigint): { start: Gpa; size: bigint } {
    const first = checkGpa(start);
    const bytes = checkHex(size, 'size');
    if (bytes === 0n) throw errors.usage('The size to read must not be zero.');
    if (bytes > limit) throw errors.usage(`The size to read must be at most ${limit} bytes at a time; ask in pieces.`);
    if (first + bytes > addressLimit) throw errors.usage('The bytes to read reach beyond 64 bits.');
    return { start: first, size: bytes };
}

export function checkAttribute(value: unknown): Attribute {
    if (value !== 'private' && value !== 'shared') throw errors.usage(`${quote(value)} is neither 'private' nor 'shared'.`);
    return value;
}

/** A whole number from `least` to `most`. */
export function checkInteger(value: unknown, what: string, least: number, most: number): number {
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
        throw errors.usage(`${quote(value)} is no ${what}: give a whole number from ${least} to ${most}.`);
    }
    return value as number;
}

/** A memslot's or a vCPU's number. */
export function checkSmallNumber(value: unknown, what: string): number {
    if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0xffff) {
        throw errors.usage(`${quote(value)} is no ${what}: give its number, as 'guestmem show' lists it.`);
    }
    return value as number;
}

export function checkFlag(value: unknown, what: string): boolean {
    if (typeof value !== 'boolean') throw errors.usage(`${what} must be true or false, not ${quote(value)}.`);
    return value;
}

export function checkProgressToken(value: unknown): number | undefined {
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value)) throw errors.usage(`${quote(value)} is no progress token: give a whole number.`);
    return value as number;
}
