/** What a host checks in each message of its webviews. */
import { parseHex } from './address';
import type { WireRange } from './range';

/** A thousand rows of a table. */
export const longestText = 1 << 19;

export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
export const isWhole = (value: unknown, limit = Number.MAX_SAFE_INTEGER): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= limit;
export const isHex = (value: unknown): value is string => typeof value === 'string' && parseHex(value) !== undefined;
export const isRange = (value: unknown): value is WireRange => isFields(value) && isHex(value['gpa']) && isHex(value['size']);
export const isListOf = <T>(value: unknown, is: (item: unknown) => item is T, most: number): value is T[] =>
    Array.isArray(value) && value.length <= most && value.every(is);
export const isOneOf = <T extends string>(value: unknown, known: readonly T[]): value is T => known.some((one) => one === value);
