/** Checks what the page map's webview sent: it shows hostile bytes, so the host trusts none of its messages. */
import { isFields, isHex, isListOf, isRange, isWhole, longestText, type Fields } from './checkMessage';
import { findLayer } from './mapLayers';
import { mapActions, type MapAction, type MapQuestion, type MapRequest } from './mapMessages';
import { highestTileLevel, tileCells } from './mapTiles';
import type { Extent, RunFilter, RunOrder } from './openedMap';
import type { WireRange } from './range';
import type { TimeBuckets } from './timelineMessages';

/** One past the highest gfn. */
const gfnLimit = 2 ** 52;
const mostTiles = 256;
const mostRows = 10_000;
const mostBuckets = 10_000;
const orders: readonly RunOrder[] = ['address', 'size', 'memslot', 'class'];

const isLayer = (value: unknown): value is string => typeof value === 'string' && findLayer(value) !== undefined;
const isDirection = (value: unknown): value is 1 | -1 => value === 1 || value === -1;
const isExtent = (value: unknown): value is Extent =>
    isFields(value) && isWhole(value['start'], gfnLimit) && isWhole(value['end'], gfnLimit) && value['start'] < value['end'];

function isClasses(layer: string, value: unknown): value is number[] {
    const classes = findLayer(layer)?.classes.length ?? 0;
    return isListOf(value, (item): item is number => isWhole(item, classes - 1), classes);
}

/** Returns the request when it has the shape of a known one, else undefined. */
export function parseMapRequest(message: unknown): MapRequest | undefined {
    if (!isFields(message)) return undefined;
    const { type, range, text, label } = message;
    switch (type) {
        case 'ready':
        case 'refresh':
        case 'keep':
        case 'chooseComparison':
        case 'endComparison':
        case 'save':
        case 'startRecording':
        case 'stopRecording':
        case 'showEvents':
            return { type };
        case 'countEvents': {
            const of = parseBuckets(message['of']);
            return of === undefined ? undefined : { type, of };
        }
        case 'showTime': {
            const { time } = message;
            return time === null || isWhole(time) ? { type, time } : undefined;
        }
        case 'tiles':
            return parseTiles(message);
        case 'ask': {
            const { question, generation } = message;
            const about = parseQuestion(message['about']);
            return isWhole(question) && isWhole(generation) && about !== undefined ? { type, question, generation, about } : undefined;
        }
        case 'showAddressSpace': {
            const { addressSpace } = message;
            return isWhole(addressSpace) ? { type, addressSpace } : undefined;
        }
        case 'setMode': {
            const { mode } = message;
            return mode === 'live' || mode === 'paused' ? { type, mode } : undefined;
        }
        case 'select':
            return range === null ? { type, range } : isRange(range) ? { type, range: copyRange(range) } : undefined;
        case 'act': {
            const action = mapActions.find((one): one is MapAction => one === message['action']);
            return isRange(range) && action !== undefined ? { type, action, range: copyRange(range) } : undefined;
        }
        case 'copy':
            return typeof text === 'string' && text.length <= longestText ? { type, text } : undefined;
        case 'remedy':
            return typeof label === 'string' ? { type, label } : undefined;
        default:
            return undefined;
    }
}

/** Without whatever else the message had. */
const copyRange = ({ gpa, size }: WireRange): WireRange => ({ gpa, size });
const copyExtent = ({ start, end }: Extent): Extent => ({ start, end });

function parseBuckets(value: unknown): TimeBuckets | undefined {
    if (!isFields(value)) return undefined;
    const { from, to, buckets } = value;
    if (!isWhole(from) || !isWhole(to) || from >= to || !isWhole(buckets, mostBuckets) || buckets === 0) return undefined;
    return { from, to, buckets };
}

function parseTiles({ generation, layer, level, tiles }: Fields): MapRequest | undefined {
    if (!isWhole(generation) || !isLayer(layer) || !isWhole(level, highestTileLevel)) return undefined;
    const last = Math.ceil(gfnLimit / (tileCells * 2 ** level)) - 1;
    if (!isListOf(tiles, (item): item is number => isWhole(item, last), mostTiles)) return undefined;
    return { type: 'tiles', generation, layer, level, tiles };
}

function parseQuestion(value: unknown): MapQuestion | undefined {
    if (!isFields(value)) return undefined;
    const { type, layer, extent, gpa, gfn, direction } = value;
    switch (type) {
        case 'count':
            return isLayer(layer) && isExtent(extent) ? { type, layer, extent: copyExtent(extent) } : undefined;
        case 'explain':
            return isHex(gpa) ? { type, gpa } : undefined;
        case 'find': {
            const { classes } = value;
            if (!isLayer(layer) || !isClasses(layer, classes) || !isWhole(gfn, gfnLimit) || !isDirection(direction)) return undefined;
            return { type, layer, classes, gfn, direction };
        }
        case 'list': {
            const { order, descending, first, most } = value;
            const filter = parseFilter(value['filter']);
            const known = orders.find((one) => one === order);
            if (filter === undefined || known === undefined || typeof descending !== 'boolean' || !isWhole(first) || !isWhole(most, mostRows)) {
                return undefined;
            }
            return { type, filter, order: known, descending, first, most };
        }
        default:
            return undefined;
    }
}

function parseFilter(value: unknown): RunFilter | undefined {
    if (!isFields(value)) return undefined;
    const { layer, classes, memslot, range } = value;
    if (!isLayer(layer) || !isClasses(layer, classes)) return undefined;
    if (memslot !== null && !isWhole(memslot)) return undefined;
    if (range !== null && !isRange(range)) return undefined;
    return { layer, classes, memslot, range: range === null ? null : copyRange(range) };
}
