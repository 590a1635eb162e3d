/**
 * The wire between the extension host and the page map's webview: two unions, one for each direction. The host checks
 * every message with `parseMapRequest` before use; the webview draws what it is given and decides nothing.
 */
import { parseHex, type Hex } from './address';
import type { AddressFacts, Attribute, Memslot, PageTotals, Unknown } from './model';
import type { PageRuns } from './pageRuns';
import type { WireRange } from './range';

/** A memslot as the map labels it. */
export interface MapMemslot {
    readonly id: number;
    readonly gpa: Hex;
    readonly size: Hex;
    readonly internal: boolean;
    readonly flags: Memslot['flags'];
    /** For people: "anonymous, read-only". */
    readonly description: string;
}

/** Host → webview. */
export type MapEvent =
    | {
          readonly type: 'map';
          readonly vm: string;
          /** For people: the VM's name and id. */
          readonly title: string;
          readonly addressSpace: number;
          readonly addressSpaces: readonly number[];
          readonly memslots: readonly MapMemslot[];
          readonly runs: PageRuns;
          readonly totals: PageTotals;
          readonly takenAt: string;
          readonly consistent: boolean;
          readonly unknown: readonly Unknown[];
          /** Why conversions are not offered (for people), or null when they are. */
          readonly convertRefusal: string | null;
      }
    | { readonly type: 'busy'; readonly busy: boolean }
    /** The VM or its agent went away; the last map stays, greyed, with this text and buttons that help. */
    | { readonly type: 'stale'; readonly message: string; readonly remedies: readonly string[] }
    | { readonly type: 'goTo'; readonly range: WireRange }
    /** Answer to `explain`; null when it failed. */
    | { readonly type: 'explained'; readonly gpa: Hex; readonly facts: AddressFacts | null };

/** Webview → host. */
export type MapRequest =
    | { readonly type: 'ready' }
    | { readonly type: 'refresh' }
    | { readonly type: 'explain'; readonly gpa: Hex }
    | { readonly type: 'showAddressSpace'; readonly addressSpace: number }
    | { readonly type: 'select'; readonly range: WireRange | null }
    | { readonly type: 'convert'; readonly range: WireRange; readonly to: Attribute }
    | { readonly type: 'readMemory'; readonly range: WireRange }
    | { readonly type: 'copy'; readonly text: string }
    /** A button of the stale map, by its label. */
    | { readonly type: 'remedy'; readonly label: string };

const isRange = (value: unknown): value is WireRange => {
    const range = value as Partial<WireRange> | null;
    return (
        typeof range === 'object' && range !== null && typeof range.gpa === 'string' && typeof range.size === 'string' &&
        parseHex(range.gpa) !== undefined && parseHex(range.size) !== undefined
    );
};

/** Returns the request when it has exactly a known shape, else undefined. */
export function parseMapRequest(message: unknown): MapRequest | undefined {
    if (typeof message !== 'object' || message === null) return undefined;
    const { type, gpa, range, to, addressSpace, text, label } = message as Record<string, unknown>;
    switch (type) {
        case 'ready':
        case 'refresh':
            return { type };
        case 'explain':
            return typeof gpa === 'string' && parseHex(gpa) !== undefined ? { type, gpa } : undefined;
        case 'showAddressSpace':
            return Number.isInteger(addressSpace) ? { type, addressSpace: addressSpace as number } : undefined;
        case 'select':
            return range === null || isRange(range) ? { type, range } : undefined;
        case 'convert':
            return isRange(range) && (to === 'private' || to === 'shared') ? { type, range, to } : undefined;
        case 'readMemory':
            return isRange(range) ? { type, range } : undefined;
        case 'copy':
            return typeof text === 'string' && text.length <= 4096 ? { type, text } : undefined;
        case 'remedy':
            return typeof label === 'string' ? { type, label } : undefined;
        default:
            return undefined;
    }
}
