/** What survives a refresh of the data and a reload of the webview. It comes back as untyped JSON and is checked. */
import { findLayer } from '../../common/mapLayers';
import type { LiveMode } from '../../common/mapMessages';
import type { Extent, RunOrder } from '../../common/openedMap';
import { layoutKinds, type LayoutKind } from '../layout/layout';

/** Where one looks in a map. */
export interface MapPlace {
    readonly layout: LayoutKind;
    /** Null while the whole guest is fitted into the panel. */
    readonly level: number | null;
    /** First gfn of what is at the top left. */
    readonly top: number;
    readonly cursor: number | null;
    readonly selection: Extent | null;
    /** Classes of the layer. */
    readonly highlight: readonly number[];
}

/** What the table of runs shows. */
export interface TableState {
    /** As typed. */
    readonly filter: string;
    readonly order: RunOrder;
    readonly descending: boolean;
}

export interface ViewState extends MapPlace {
    /** Which map the place belongs to. */
    readonly subject: string;
    readonly addressSpace: number;
    readonly layer: string;
    readonly mode: LiveMode;
    readonly showsTable: boolean;
    readonly table: TableState;
}

export const firstTable: TableState = { filter: '', order: 'address', descending: false };
export const firstPlace: MapPlace = { layout: 'rows', level: null, top: 0, cursor: null, selection: null, highlight: [] };

const isGfn = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function parseExtent(value: unknown): Extent | null {
    if (typeof value !== 'object' || value === null) return null;
    const { start, end } = value as Record<string, unknown>;
    return isGfn(start) && isGfn(end) && end > start ? { start, end } : null;
}

const orders: readonly RunOrder[] = ['address', 'size', 'memslot', 'class'];

function parseTable(value: unknown): TableState {
    if (typeof value !== 'object' || value === null) return firstTable;
    const { filter, order, descending } = value as Record<string, unknown>;
    return {
        filter: typeof filter === 'string' ? filter : '',
        order: orders.find((one) => one === order) ?? 'address',
        descending: descending === true,
    };
}

/** The saved state; null when it is none. */
export function parseViewState(saved: unknown): ViewState | null {
    if (typeof saved !== 'object' || saved === null) return null;
    const { subject, addressSpace, layer, mode, showsTable, table, layout, level, top, cursor, selection, highlight } = saved as Record<string, unknown>;
    const known = typeof layer === 'string' ? findLayer(layer) : undefined;
    if (typeof subject !== 'string' || !isGfn(addressSpace) || known === undefined) return null;
    const classes = known.classes.length;
    return {
        subject,
        addressSpace,
        layer: known.id,
        mode: mode === 'paused' ? mode : 'live',
        showsTable: showsTable === true,
        table: parseTable(table),
        layout: layoutKinds.find((kind) => kind === layout) ?? 'rows',
        level: Number.isInteger(level) ? (level as number) : null,
        top: isGfn(top) ? top : 0,
        cursor: isGfn(cursor) ? cursor : null,
        selection: parseExtent(selection),
        highlight: Array.isArray(highlight) ? highlight.filter((value): value is number => isGfn(value) && value < classes) : [],
    };
}
