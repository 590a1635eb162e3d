/** What the agent does for the requests about findings. */
import type { FindingMethods } from '../../common/findingMethods';
import type { VmDirectory } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { ReadPageMap } from '../pages/pageMap';
import { checkFields, checkVm } from '../validate';
import { findInState, listFindings } from './findingList';
import { readMappedVmState, readVmState, type VmState } from './vmState';

type FindingHandlers = {
    readonly [Method in keyof FindingMethods]: (params: unknown, pace: Pace) => Promise<FindingMethods[Method]['result']>;
};

export function makeFindingHandlers(directory: VmDirectory, readMap: ReadPageMap): FindingHandlers {
    const listed = async (state: VmState) => listFindings(state.details.vm.id, await findInState(state), state.unknown);
    return {
        findings: (params, pace) =>
            directory.withVm(
                checkVm(checkFields(params)['vm']),
                pace,
                async (vm) => listed(await readVmState(vm, readMap, pace)),
                async (vm) => listed(await readMappedVmState(vm, pace)),
            ),
    };
}
