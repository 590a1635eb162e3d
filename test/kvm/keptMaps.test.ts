/** A refresh of the page map in an agent, on a VM whose memory this kernel's shadow MMU or TDP MMU maps. */
import { suiteVmm } from '../support/suiteVmm';
import { keptMapsSuite, Refreshes } from '../support/keptMapsSuite';

describe('a kept page map', () => {
    const vmm = suiteVmm(['--rate', '0', '--gmem', '4M']);
    let refreshes: Refreshes;
    beforeEach(() => (refreshes = new Refreshes(vmm())));
    afterEach(() => refreshes.end());

    keptMapsSuite(() => refreshes);
});
