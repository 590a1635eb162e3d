/** A map of a living VM: looked at again at each refresh, and indexed anew only where something has changed. */
import { isDeepStrictEqual } from 'node:util';
import type { PageRunIndex, VmIdentity } from '../../../native/index';
import { errors } from '../../common/errors';
import type { VmDetails } from '../../common/model';
import type { Extent } from '../../common/openedMap';
import { sameSlots, slotRows, type SlotRow } from '../details/memslots';
import { readVmDetails } from '../details/vmDetails';
import type { OpenVm, VmDirectory } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { PageMapInColumns, ReadPageMap } from '../pages/pageMap';
import type { VmReference } from '../validate';
import { indexedMap, indexRuns, mostExtents, toExtents, type IndexedMap } from './indexedMap';
import type { MapSource, RequireRoom } from './mapSource';
import { RecentChanges } from './recentChanges';

/** A map as it was read last. */
interface Reading {
    /** The reader gives the same map again when nothing has changed; it is only recognised here, not held. */
    readonly map: WeakRef<PageMapInColumns>;
    readonly slots: readonly SlotRow[];
}

export class LivingMap implements MapSource {
    readonly origin = 'live';
    readonly made = null;

    private recent = RecentChanges.none;

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
        const { index, byAge } = this.current;
        return byAge === null ? [index] : [index, byAge.index];
    }

    refresh(pace: Pace, requireRoom: RequireRoom): Promise<readonly Extent[] | null> {
        return this.directory.withVm(this.vm, pace, async (vm) => {
            if (vm.identity !== this.identity) throw errors.vmGone(vm.id);
            const map = await this.readMap(vm, this.current.addressSpace, null, false, pace);
            const isKept = this.last.map.deref() === map;
            const index = isKept ? this.current.index : indexRuns(map.runs);
            requireRoom(index);
            const differing = isKept ? [] : toExtents(await this.current.index.differences(index, mostExtents));
            const isSame = differing.length === 0 && (isKept || this.tellsTheSame(map, vm));
            const recent = this.recent.after(differing, performance.now());
            // Changes, and those that are now longer ago.
            const extents = toExtents(await indexRuns(this.recent.marks(true)).differences(indexRuns(recent.marks(true)), mostExtents));
            const current =
                isSame && extents.length === 0
                    ? { ...this.current, takenAt: map.takenAt }
                    : await this.next(map, isSame ? this.current.details : await readVmDetails(vm, pace), index, recent);
            const hasChanged = current.generation !== this.current.generation;
            this.current = current;
            this.recent = recent;
            this.last = readingOf(map, vm);
            return hasChanged ? extents : null;
        });
    }

    private next(map: PageMapInColumns, details: VmDetails, index: PageRunIndex, recent: RecentChanges): Promise<IndexedMap> {
        return indexedMap({ ...map, details }, index, this.current.generation + 1, { recent });
    }

    /** Beside the pages. */
    private tellsTheSame({ consistent, unknown }: PageMapInColumns, { record }: OpenVm): boolean {
        const { current, last } = this;
        return (
            consistent === current.consistent &&
            isDeepStrictEqual(unknown, current.unknown) &&
            sameSlots(slotRows(record.memslots), last.slots)
        );
    }
}

const readingOf = (map: PageMapInColumns, { record }: OpenVm): Reading => ({ map: new WeakRef(map), slots: slotRows(record.memslots) });
