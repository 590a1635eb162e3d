/** What the agent does for the requests about findings. */
import type { Finding } from '../../common/finding';
import type { FindingMethods } from '../../common/findingMethods';
import type { VmDirectory } from '../discovery/vmDirectory';
import type { OpenRecordings } from '../events/openRecordings';
import { withHolders } from '../events/patterns/heldPages';
import type { Pace } from '../pace';
import type { ReadPageMap } from '../pages/pageMap';
import { checkFields, checkVm } from '../validate';
import { findInState, listFindings } from './findingList';
import { readMappedVmState, readVmState, type VmState } from './vmState';

type FindingHandlers = {
    readonly [Method in keyof FindingMethods]: (params: unknown, pace: Pace) => Promise<FindingMethods[Method]['result']>;
};

export function makeFindingHandlers(directory: VmDirectory, readMap: ReadPageMap, recordings: OpenRecordings): FindingHandlers {
    const listed = async (state: VmState, patterns: readonly Finding[]) =>
        listFindings(state.details.vm.id, [...(await findInState(state)), ...patterns], state.unknown);
    return {
        findings: (params, pace) =>
            directory.withVm(
                checkVm(checkFields(params)['vm']),
                pace,
                async (vm) => listed(await readVmState(vm, readMap, pace), await withHolders(vm, await recordings.patternsIn(vm.identity))),
                async (vm) => listed(await readMappedVmState(vm, pace), await recordings.patternsIn(vm.identity)),
            ),
    };
}
