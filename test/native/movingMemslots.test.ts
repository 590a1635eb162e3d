/** Memslots that change while they are read: what is called consistent was true at one instant. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { MemslotColumns } from '../../native/index';
import { requireKvm, requireRoot } from '../support/requirements';
import { addon } from './addon';
import { compileFixture } from './fixtures';

const slots = 300;
const upper = 0x40000;
const invalidFlag = 1 << 16;

/** What the fixture can never have been in, or undefined. */
function contradiction({ count, ids, gfns, flags }: MemslotColumns): string | undefined {
    const places = new Array<boolean | undefined>(slots);
    for (let index = 0; index < count; index++) {
        const id = ids[index] ?? -1;
        const offset = (gfns[index] ?? 0) - id;
        if (offset !== 0 && offset !== upper) return `memslot ${id} is at gfn ${gfns[index] ?? '?'}`;
        if (places[id] !== undefined) return `memslot ${id} is there twice`;
        // While it moves, the one that is taken away still stands in its old place.
        if (((flags[index] ?? 0) & invalidFlag) === 0) places[id] = offset === upper;
    }
    const settled = places.filter((place) => place !== undefined);
    if (settled.length < slots - 1) return `${slots - settled.length} memslots are missing`;
    const turns = settled.filter((place, index) => index > 0 && place !== settled[index - 1]).length;
    return turns > 1 ? `the memslots change places ${turns} times` : undefined;
}

describe('memslots that move without pause', () => {
    it('are either consistent or said not to be', async function () {
        requireRoot(this);
        requireKvm(this);
        const child = spawn(compileFixture('moving_memslots.c'), { stdio: ['ignore', 'pipe', 'inherit'] });
        const fd = Number((await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()).value);
        const vmm = new addon.VmmProcess(child.pid ?? 0);
        let consistent = 0;
        for (let round = 0; round < 8000; round++) {
            const vm = vmm.readVm(fd) ?? assert.fail('the VM has gone');
            if (!vm.consistent) continue;
            consistent++;
            assert.equal(contradiction(vm.memslots), undefined);
        }
        vmm.close();
        child.kill('SIGKILL');
        await once(child, 'exit');
        assert.ok(consistent > 0, 'none of the walks was consistent');
    });
});
