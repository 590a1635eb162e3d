/** `guestmem compare` on a VM with private memory: a snapshot against what was converted since is just that. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Comparison } from '../../src/agent/commandLine/comparisonJson';
import { guestmemJson } from '../support/guestmem';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('compare: a sw-protected VM', () => {
    const vmm = suiteVmm(['--type', 'sw-protected']);
    let folder = '';
    before('stop the guest’s own conversions', () => vmm().setPaused(true));
    before('make a folder', () => (folder = mkdtempSync(join(tmpdir(), 'guestmem-snapshots-'))));
    after('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
    const save = async (name: string) => {
        await guestmemJson(['snapshot', vmm().id, join(folder, name)]);
        return join(folder, name);
    };
    const compare = (before: string, after: string) => guestmemJson<Comparison>(['compare', before, after]);

    it('shows exactly the pages that were converted', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        const [lone, range] = [startOf(slot) + 5n * page, startOf(slot) + 9n * page];
        const before = await save('before.gmem');
        await guestmemJson(['convert', vmm().id, `${hex(lone)}+${hex(page)}`, 'private', '--yes']);
        await vmm().setAttribute(range, 3n * page, 'private');
        const { changes, totals } = await compare(before, vmm().id);
        assert.deepEqual(
            changes.map(({ gpa, size, changes: words }) => [gpa, size, words]),
            [
                [hex(lone), hex(page), ['to-private']],
                [hex(range), hex(3n * page), ['to-private']],
            ],
        );
        assert.deepEqual(changes.map((change) => [change.before?.attribute, change.after?.attribute]), [['shared', 'private'], ['shared', 'private']]);
        assert.deepEqual(totals, [{ change: 'to-private', size: hex(4n * page) }]);
    });

    it('shows the same pages the other way round between two files', async () => {
        const after = await save('after.gmem');
        assert.deepEqual((await compare(after, join(folder, 'before.gmem'))).totals, [{ change: 'to-shared', size: hex(4n * page) }]);
    });
});
