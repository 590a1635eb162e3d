/** A map of a living VM: looked at again at each refresh, and indexed anew only where something has changed. */
import { isDeepStrictEqual } from 'node:util';
import type { PageRunIndex, VmIdentity } from '../../../native/index';
import { errors } from '../../common/errors';
import type { Extent } from '../../common/openedMap';
import { readVmDetails } from '../details/vmDetails';
import type { OpenVm, VmDirectory } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { PageMapInColumns, ReadPageMap } from '../pages/pageMap';
import type { VmReference } from '../validate';
import { indexedMap, indexRuns, mostExtents, toExtents, type IndexedMap } from './indexedMap';
import type { MapSource, RequireRoom } from './mapSource';

/** A map as it was read last. */
interface Reading {
    /** The reader gives the same map again when nothing has changed; it is only recognised here, not held. */
    readonly map: WeakRef<PageMapInColumns>;
    readonly memslots: OpenVm['record']['memslots'];
}

export class LivingMap implements MapSource {
    readonly origin = 'live';
    readonly made = null;

    private constructor(
        private readonly directory: VmDirectory,
        private readonly readMap: ReadPageMap,
        private readonly vm: VmReference,
        private readonly identity: VmIdentity,
        private last: Reading,
        public current: IndexedMap,
    ) {}

    static open(directory: VmDirectory, readMap: ReadPageMap, reference: VmReference, addressSpace: number, pace: Pace): Promise<LivingMap> {
        return directory.withVm(reference, pace, async (vm) => {
            const map = await readMap(vm, addressSpace, null, false, pace);
            const details = await readVmDetails(vm, pace);
            const current = await indexedMap({ ...map, details }, indexRuns(map.runs), 1);
            return new LivingMap(directory, readMap, reference, vm.identity, readingOf(map, vm), current);
        });
    }

    get indexes(): readonly PageRunIndex[] {
        return [this.current.index];
    }

    refresh(pace: Pace, requireRoom: RequireRoom): Promise<readonly Extent[] | null> {
        return this.directory.withVm(this.vm, pace, async (vm) => {
            if (vm.identity !== this.identity) throw errors.vmGone(vm.id);
            const { current, last } = this;
            const map = await this.readMap(vm, current.addressSpace, null, false, pace);
            if (last.map.deref() === map) return null;
            const index = indexRuns(map.runs);
            const extents = toExtents(await current.index.differences(index, mostExtents));
            const { consistent, unknown } = map;
            const isSame =
                extents.length === 0 &&
                isDeepStrictEqual(vm.record.memslots, last.memslots) &&
                isDeepStrictEqual({ consistent, unknown }, { consistent: current.consistent, unknown: current.unknown });
            if (!isSame) requireRoom(index);
            this.current = isSame
                ? { ...current, takenAt: map.takenAt }
                : await indexedMap({ ...map, details: await readVmDetails(vm, pace) }, index, current.generation + 1);
            this.last = readingOf(map, vm);
            return isSame ? null : extents;
        });
    }
}

const readingOf = (map: PageMapInColumns, { record }: OpenVm): Reading => ({ map: new WeakRef(map), memslots: record.memslots });
