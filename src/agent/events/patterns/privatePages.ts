/**
 * The pages that are private now, as runs that tell nothing else of them: what a watch has to know, at the cost of one walk.
 * A recording, which reads all that a map has, gives that instead.
 */
import { PageRunsBuilder, type PageRuns } from '../../../common/pageRuns';
import { encodePageState } from '../../../common/pageState';
import { slotRows } from '../../details/memslots';
import type { OpenVm } from '../../discovery/vmDirectory';
import type { Pace } from '../../pace';
import { hasVmScope } from '../../pages/attributeScope';
import { gfnLimit, privateAttribute, walkAttributes } from '../../pages/attributeWalk';

const privatePage = encodePageState({ attribute: 'private', scope: 'vm', hva: null, gmem: null });

/** Null where the VM keeps no attributes of its own. */
export async function readPrivatePages(vm: OpenVm, pace: Pace): Promise<PageRuns | null> {
    if (!hasVmScope(vm)) return null;
    const { layer } = await walkAttributes(vm, 0, gfnLimit, slotRows(vm.record.memslots), pace);
    const runs = new PageRunsBuilder();
    for (let i = 0; i < layer.count; i++) {
        const isPrivate = ((layer.states[i] ?? 0) & privateAttribute) !== 0;
        if (isPrivate) runs.append((layer.first[i] ?? 0) + layer.shift, layer.pages[i] ?? 0, -1, privatePage);
    }
    return runs.build();
}
