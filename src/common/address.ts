/**
 * Addresses of a guest and of its VMM. Inside the program they are branded bigints, so that a guest physical address
 * cannot be passed where a host virtual one is meant; on every wire and in every JSON they are hex strings ("0x1000").
 */
declare const brand: unique symbol;
type Branded<Name extends string> = bigint & { readonly [brand]: Name };

/** Guest physical address, in bytes. */
export type Gpa = Branded<'gpa'>;
/** Host virtual address in the VMM, in bytes. */
export type Hva = Branded<'hva'>;

/** The wire form of an address or a size: lower-case hex with 0x. */
export type Hex = string;

export const pageSize = 4096n;
/** One past the largest address: all arithmetic is on unsigned 64-bit values. */
export const addressLimit = 1n << 64n;

export const gpa = (value: bigint): Gpa => value as Gpa;
export const hva = (value: bigint): Hva => value as Hva;

export function toHex(value: bigint | number): Hex {
    return '0x' + value.toString(16);
}

/** Parses the wire form. Returns undefined for anything that is not hex with 0x or that exceeds 64 bits. */
export function parseHex(text: string): bigint | undefined {
    if (!/^0x[0-9a-f]{1,16}$/i.test(text)) return undefined;
    return BigInt(text);
}

/** Parses what a person types: 0x-prefixed hex, or decimal digits. Underscores and surrounding blanks are allowed. */
export function parseAddress(text: string): bigint | undefined {
    const plain = text.trim().replaceAll('_', '');
    const value = /^[0-9]{1,20}$/.test(plain) ? BigInt(plain) : parseHex(plain);
    return value !== undefined && value < addressLimit ? value : undefined;
}

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** A size for people: the largest unit that keeps at most one decimal honest ("4 KiB", "1.5 GiB", "640 KiB"). */
export function formatSize(bytes: bigint): string {
    if (bytes < 1024n) return `${bytes} B`;
    let scale = 1024n;
    let unit = 0;
    while (unit + 1 < units.length && bytes >= scale * 1024n) {
        scale *= 1024n;
        unit++;
    }
    const tenths = (bytes * 10n + scale / 2n) / scale;
    const whole = tenths / 10n;
    const rest = tenths % 10n;
    return `${whole}${rest === 0n ? '' : `.${rest}`} ${units[unit]}`;
}
