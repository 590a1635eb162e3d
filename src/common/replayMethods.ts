/** The part of the wire between the extension and an agent that is about maps as they were at a time of a recording. */
import type { RecordingHandle } from './eventMethods';
import type { MapHandle, MapRefresh, OpenedMap } from './openedMap';
import type { Progressing } from './progressing';

export interface ReplayMethods {
    /**
     * The map as it was at a time: the pages as they were read at the recording's start, and what the events have changed
     * since. Fields that no event tells (HVA side, guest mapping, dirty) are null, with the reason in `unknown`. Held open
     * until closeMap, of origin "replay", with all that open maps can be asked for.
     */
    openReplay: { params: { recording: RecordingHandle; addressSpace: number; time: number } & Progressing; result: OpenedMap };
    /** Has a replay show another time. */
    moveReplay: { params: { map: MapHandle; time: number; generation: number } & Progressing; result: MapRefresh };
}
