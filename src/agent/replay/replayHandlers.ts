/** What the agent does for the requests about maps as they were at a time of a recording. */
import { errors } from '../../common/errors';
import type { ReplayMethods } from '../../common/replayMethods';
import { checkTime } from '../events/eventFilter';
import { recordingHandleIn } from '../events/eventHandlers';
import type { OpenRecordings } from '../events/openRecordings';
import { generationIn, mapHandleIn } from '../maps/checkMapRequest';
import type { OpenMaps } from '../maps/openMaps';
import type { Pace } from '../pace';
import { checkAddressSpace, checkFields } from '../validate';
import { ReplaySource } from './replaySource';

type ReplayHandlers = {
    readonly [Method in keyof ReplayMethods]: (params: unknown, pace: Pace) => Promise<ReplayMethods[Method]['result']>;
};

export function makeReplayHandlers(recordings: OpenRecordings, maps: OpenMaps): ReplayHandlers {
    return {
        openReplay: async (params, pace) => {
            const fields = checkFields(params);
            const { replay } = recordings.get(recordingHandleIn(fields));
            return maps.add(await ReplaySource.open(replay, checkAddressSpace(fields['addressSpace']), checkTime(fields['time']), pace));
        },

        moveReplay: (params, pace) => {
            const fields = checkFields(params);
            const time = checkTime(fields['time']);
            return maps.change(mapHandleIn(fields), generationIn(fields), (source, requireRoom) => {
                if (!(source instanceof ReplaySource)) throw errors.usage('Only a map that is replayed from a recording is moved to another time.');
                return source.moveTo(time, pace, requireRoom);
            });
        },
    };
}
