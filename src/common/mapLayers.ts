/**
 * The layers by which the page map can be coloured. Agent and webview both classify with this table: the agent counts,
 * the webview draws and names.
 */
import { attributeLayer } from './layers/attributeLayer';
import { comparisonLayer } from './layers/comparisonLayer';
import { dirtyLayer } from './layers/dirtyLayer';
import { doubleBackedLayer } from './layers/doubleBackedLayer';
import { guestMappingLayer } from './layers/guestMappingLayer';
import { guestMemfdLayer } from './layers/guestMemfdLayer';
import { hostPageSizeLayer } from './layers/hostPageSizeLayer';
import { hvaLayer } from './layers/hvaLayer';
import { numaNodeLayer } from './layers/numaNodeLayer';
import { recentChangeLayer } from './layers/recentChangeLayer';
import { stateLayer } from './layers/stateLayer';
import type { MapLayer } from './mapLayer';
import type { MapOrigin, PageKind } from './openedMap';

/** In the order in which they are offered; the first one is shown first. */
export const mapLayers: readonly MapLayer[] = [
    stateLayer,
    attributeLayer,
    doubleBackedLayer,
    hvaLayer,
    guestMemfdLayer,
    guestMappingLayer,
    hostPageSizeLayer,
    numaNodeLayer,
    dirtyLayer,
    recentChangeLayer,
    comparisonLayer,
];

export const findLayer = (id: string): MapLayer | undefined => mapLayers.find((layer) => layer.id === id);

/** The layers to offer for a map. */
export const layersFor = (origin: MapOrigin): readonly MapLayer[] =>
    mapLayers.filter(({ onlyFor }) => onlyFor === null || onlyFor === origin);

/** Instead of a class: pages that do not count. */
export const notCounted = 255;

/** Class of each kind, in the order of the kinds. What is gone in a comparison counts in the layer of comparisons alone. */
export function classesOf(layer: MapLayer, kinds: readonly PageKind[]): Uint8Array {
    const isGone = ({ exists }: PageKind) => exists === false && layer.onlyFor !== 'comparison';
    return Uint8Array.from(kinds, (kind) => (isGone(kind) ? notCounted : layer.classOf(kind)));
}
