/**
 * The layers by which the page map can be coloured. Agent and webview both classify with this table: the agent counts,
 * the webview draws and names.
 */
import type { MapLayer } from './mapLayer';
import type { PageKind } from './openedMap';
import { stateLayer } from './stateLayer';

/** In the order in which they are offered; the first one is shown first. */
export const mapLayers: readonly MapLayer[] = [stateLayer];

export const findLayer = (id: string): MapLayer | undefined => mapLayers.find((layer) => layer.id === id);

/** Class of each kind, in the order of the kinds. */
export function classesOf(layer: MapLayer, kinds: readonly PageKind[]): Uint8Array {
    return Uint8Array.from(kinds, (kind) => layer.classOf(kind));
}
