/** A refresh of the page map in an agent, on a VM with private memory that the TDP MMU maps. */
import { page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { keptMapsSuite, Refreshes } from '../support/keptMapsSuite';

describe('a kept page map of a VM with private memory', () => {
    const vmm = suiteVmm(['--rate', '0', '--type', 'sw-protected', '--gmem', '4M']);
    let refreshes: Refreshes;
    beforeEach(() => (refreshes = new Refreshes(vmm())));
    afterEach(() => refreshes.end());

    keptMapsSuite(() => refreshes);

    const large = () => vmm().memslot('guest_memfd', 2);

    it('sees attributes change in a memslot', async () => {
        for (const to of ['private', 'shared'] as const) {
            await refreshes.follows(large(), () => vmm().setAttribute(startOf(large()) + 64n * page, page, to));
        }
    });

    it('sees attributes change where no memslot is', async () => {
        const range = { gpa: '0x180000', size: '0x100000' } as const;
        for (const to of ['private', 'shared'] as const) {
            await refreshes.follows(range, () => vmm().setAttribute(0x240000n, 2n * page, to));
        }
    });

    it('sees what KVM maps for the guest', async () => {
        const slot = vmm().memslot('memfd');
        await refreshes.follows(slot, () => vmm().read(startOf(slot) + 44n * page));
    });
});
