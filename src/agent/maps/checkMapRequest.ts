/** Checks of what requests about open maps carry. */
import { errors } from '../../common/errors';
import { findLayer } from '../../common/mapLayers';
import type { MapLayer } from '../../common/mapLayer';
import { highestTileLevel, tilePages } from '../../common/mapTiles';
import type { Extent, RunOrder } from '../../common/openedMap';
import { gfnLimit } from '../pages/attributeWalk';
import { checkFields, checkInteger, quote, type Fields } from '../validate';
import { runOrders } from './mapQueries';

const mostTiles = 64;
const mostClasses = 255;

export const mapHandleIn = (fields: Fields, name = 'map'): number =>
    checkInteger(fields[name], `number of an open map (${name})`, 1, Number.MAX_SAFE_INTEGER);
export const generationIn = (fields: Fields): number => checkInteger(fields['generation'], 'generation of a map', 1, Number.MAX_SAFE_INTEGER);

function checkList(value: unknown, what: string, most: number): readonly unknown[] {
    if (!Array.isArray(value) || value.length > most) throw errors.usage(`The ${what} must be a list of at most ${most}.`);
    return value;
}

export function checkLayer(value: unknown): MapLayer {
    const layer = typeof value === 'string' ? findLayer(value) : undefined;
    if (layer === undefined) throw errors.usage(`${quote(value)} is no layer of the page map.`);
    return layer;
}

export function checkTiles(fields: Fields): { level: number; tiles: number[] } {
    const level = checkInteger(fields['level'], 'level of tiles', 0, highestTileLevel);
    const last = Math.ceil(gfnLimit / tilePages(level)) - 1;
    const tiles = checkList(fields['tiles'], 'tiles', mostTiles).map((tile) => checkInteger(tile, 'tile of this level', 0, last));
    return { level, tiles };
}

export const checkGfn = (value: unknown): number => checkInteger(value, 'guest frame number', 0, gfnLimit);

export function checkExtent(value: unknown): Extent {
    const fields = checkFields(value);
    const start = checkInteger(fields['start'], 'guest frame number', 0, gfnLimit - 1);
    return { start, end: checkInteger(fields['end'], 'end after this start', start + 1, gfnLimit) };
}

export const checkClasses = (value: unknown): number[] =>
    checkList(value, 'classes', mostClasses).map((one) => checkInteger(one, 'class of a layer', 0, mostClasses - 1));

export function checkDirection(value: unknown): 1 | -1 {
    if (value !== 1 && value !== -1) throw errors.usage(`${quote(value)} is no direction: give 1 or -1.`);
    return value;
}

export function checkOrder(value: unknown): RunOrder {
    const order = runOrders.find((one) => one === value);
    if (order === undefined) throw errors.usage(`${quote(value)} is no order of runs: give one of ${runOrders.join(', ')}.`);
    return order;
}
