/** The JSON of every verb on a real VM, and of real failures, against the published schemas; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { guestmem } from '../support/guestmem';
import { assertShape } from '../support/schema';
import { suiteVmm } from '../support/suiteVmm';

describe('JSON of the command line', () => {
    const vmm = suiteVmm(['--name', 'schema \u001b[31m']);

    const verbs: [verb: string, ...words: string[]][] = [
        ['vms'],
        ['doctor'],
        ['show', 'VM'],
        ['map', 'VM'],
        ['read', 'VM', '0x100000', '0x30000'],
        ['explain', 'VM', '0x100123'],
        ['explain', 'VM', '0x600000'],
        ['account', 'VM'],
        ['findings', 'VM'],
    ];
    for (const words of verbs) {
        it(`${words.join(' ')} fits its schema`, async () => {
            const outcome = await guestmem([...words.map((word) => (word === 'VM' ? vmm().id : word)), '--json']);
            assert.equal(outcome.code, 0, outcome.stderr);
            assert.doesNotMatch(outcome.stdout.slice(0, -1), /\p{Cc}/u);
            assertShape(words[0], JSON.parse(outcome.stdout));
        });
    }

    for (const words of [['show', '4194303'], ['map', 'VM', '--range', '1+1'], ['frobnicate'], ['convert', 'VM', '0x1000+0x1000', 'private', '--dry-run']]) {
        it(`the error of ${words.join(' ')} fits its schema`, async () => {
            const outcome = await guestmem([...words.map((word) => (word === 'VM' ? vmm().id : word)), '--json']);
            assert.notEqual(outcome.code, 0);
            assertShape('error', JSON.parse(outcome.stdout));
        });
    }
});
