/** One demo VMM for a whole suite: started before its first test, ended after its last. */
import assert from 'node:assert/strict';
import { DemoVmm, type DemoOptions } from './demoVmm';
import { requireKvm, requireRoot } from './requirements';

/** Call it inside `describe`; the function it returns gives the VMM to the tests. */
export function suiteVmm(words: readonly string[] = [], options: DemoOptions = {}): () => DemoVmm {
    let vmm: DemoVmm | undefined;
    before('start the demo VMM', async function () {
        requireKvm(this);
        requireRoot(this);
        vmm = await DemoVmm.start(words, options);
    });
    after('end the demo VMM', async () => vmm?.stop());
    return () => {
        assert(vmm !== undefined, 'the demo VMM was not started');
        return vmm;
    };
}
