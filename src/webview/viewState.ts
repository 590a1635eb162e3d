/** What survives a refresh of the data and a reload of the webview. It comes back as untyped JSON and is checked. */
import type { Extent } from './mapModel';
import { classCount, type PageClass } from './pageClass';

export interface ViewState {
    readonly vm: string;
    readonly addressSpace: number;
    /** Null while the whole guest is fitted into the panel. */
    readonly level: number | null;
    /** First gfn of the topmost row. */
    readonly top: number;
    readonly cursor: number | null;
    readonly selection: Extent | null;
    readonly highlight: readonly PageClass[];
}

const isGfn = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseExtent(value: unknown): Extent | null {
    if (typeof value !== 'object' || value === null) return null;
    const { start, end } = value as Record<string, unknown>;
    return isGfn(start) && isGfn(end) && end > start ? { start, end } : null;
}

/** The saved state, or null when it is none or belongs to another VM or address space. */
export function parseViewState(saved: unknown, vm: string, addressSpace: number): ViewState | null {
    if (typeof saved !== 'object' || saved === null) return null;
    const state = saved as Record<string, unknown>;
    if (state['vm'] !== vm || state['addressSpace'] !== addressSpace) return null;
    const { level, top, cursor, selection, highlight } = state;
    return {
        vm,
        addressSpace,
        level: Number.isInteger(level) ? (level as number) : null,
        top: isGfn(top) ? top : 0,
        cursor: isGfn(cursor) ? cursor : null,
        selection: parseExtent(selection),
        highlight: Array.isArray(highlight)
            ? highlight.filter((value): value is number => Number.isInteger(value) && value >= 0 && value < classCount)
            : [],
    };
}
