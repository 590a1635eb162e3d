/** What the agent does for the requests about maps that it holds open. */
import { errors } from '../../common/errors';
import type { MapMethods } from '../../common/mapMethods';
import type { VmDirectory } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { makeSnapshotHandlers } from '../snapshot/snapshotHandlers';
import type { ReadPageMap } from '../pages/pageMap';
import { windowOf } from '../pages/window';
import { checkAddressSpace, checkFields, checkFlag, checkInteger, checkRange, checkVm, type Fields } from '../validate';
import { checkClasses, checkDirection, checkExtent, checkGfn, checkLayer, checkOrder, checkTiles, generationIn, mapHandleIn } from './checkMapRequest';
import { ComparedMap } from './comparedMap';
import { LivingMap } from './livingMap';
import { countPages, findRun, listRuns, readTiles } from './mapQueries';
import { FixedMap } from './mapSource';
import type { OpenMaps } from './openMaps';

type MapHandlers = {
    readonly [Method in keyof MapMethods]: (params: unknown, pace: Pace) => Promise<MapMethods[Method]['result']>;
};

/** Rows of the table of runs at a time. */
const mostRows = 10_000;

export function makeMapHandlers(directory: VmDirectory, readMap: ReadPageMap, maps: OpenMaps): MapHandlers {
    const mapIn = (fields: Fields) => maps.at(mapHandleIn(fields), generationIn(fields));

    return {
        ...makeSnapshotHandlers(maps),

        openMap: async (params, pace) => {
            const fields = checkFields(params);
            const addressSpace = checkAddressSpace(fields['addressSpace']);
            return maps.add(await LivingMap.open(directory, readMap, checkVm(fields['vm']), addressSpace, pace));
        },

        refreshMap: (params, pace) => {
            const fields = checkFields(params);
            return maps.refresh(mapHandleIn(fields), generationIn(fields), pace);
        },

        keepMap: (params) => {
            const { current } = maps.get(mapHandleIn(checkFields(params)));
            if (current.comparedWith !== null) throw errors.usage('A comparison cannot be kept: keep the maps that it was made of.');
            return Promise.resolve(maps.add(new FixedMap('kept', { ...current, byAge: null })));
        },

        compareMaps: async (params) => {
            const fields = checkFields(params);
            const before = maps.get(mapHandleIn(fields, 'before'));
            const after = maps.get(mapHandleIn(fields, 'after'));
            if ([before, after].some(({ origin }) => origin === 'comparison')) {
                throw errors.usage('A comparison cannot be compared again: compare the maps that it was made of.');
            }
            return maps.add(await ComparedMap.open(before, after));
        },

        closeMap: (params) => {
            maps.close(mapHandleIn(checkFields(params)));
            return Promise.resolve(null);
        },

        tiles: async (params) => {
            const fields = checkFields(params);
            const { level, tiles } = checkTiles(fields);
            return { tiles: await readTiles(mapIn(fields), checkLayer(fields['layer']), level, tiles) };
        },

        countPages: (params) => {
            const fields = checkFields(params);
            const extent = checkExtent(fields['extent']);
            return countPages(mapIn(fields), checkLayer(fields['layer']), extent);
        },

        findRun: (params) => {
            const fields = checkFields(params);
            const layer = checkLayer(fields['layer']);
            const gfn = checkGfn(fields['gfn']);
            const direction = checkDirection(fields['direction']);
            return findRun(mapIn(fields), layer, checkClasses(fields['classes']), gfn, direction);
        },

        listRuns: (params) => {
            const fields = checkFields(params);
            const { layer, classes, memslot, range } = checkFields(fields['filter']);
            return listRuns(mapIn(fields), {
                layer: checkLayer(layer),
                classes: checkClasses(classes),
                memslot: memslot === null ? null : checkInteger(memslot, 'memslot', 0, 0xffff),
                window: range === null ? null : windowOf(checkRange(range)),
                order: checkOrder(fields['order']),
                descending: checkFlag(fields['descending'], 'descending'),
                first: checkInteger(fields['first'], 'first row', 0, 2 ** 32 - 1),
                most: checkInteger(fields['most'], 'number of rows', 0, mostRows),
            });
        },
    };
}
