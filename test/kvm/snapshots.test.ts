/** `guestmem snapshot` and `compare` on the demo VMM: the file is the map, and differences are what was done meanwhile. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PageMap, VmDetails } from '../../src/common/model';
import type { Comparison } from '../../src/agent/commandLine/comparisonJson';
import { asNobody, guestmem, guestmemError, guestmemJson } from '../support/guestmem';
import { endOf, hex, page, runAt, startOf } from '../support/pages';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';

describe('snapshot: the demo VMM', () => {
    const vmm = suiteVmm(['--slots', '2', '--name', 'named']);
    let folder = '';
    before('make a folder', () => {
        folder = mkdtempSync(join(tmpdir(), 'guestmem-snapshots-'));
        chmodSync(folder, 0o755);
    });
    after('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
    const path = (name: string) => join(folder, name);
    const save = (name: string, ...words: string[]) => guestmemJson<{ size: number; note: string }>(['snapshot', vmm().id, path(name), ...words]);
    const compare = (before: string, after: string, ...words: string[]) => guestmemJson<Comparison>(['compare', before, after, ...words]);
    /** What compare tells, without the runs. */
    const changesIn = ({ changes }: Comparison) => changes.map(({ gpa, size, changes: words }) => [gpa, size, ...words]);

    it('holds what map and show tell', async () => {
        const { size, note } = await save('whole.gmem');
        assert.equal(size, statSync(path('whole.gmem')).size);
        assert.match(note, /no guest content/);
        const told = await guestmemJson<PageMap>(['map', '--file', path('whole.gmem')]);
        const live = await guestmemJson<PageMap>(['map', vmm().id]);
        assert.deepEqual({ ...told, takenAt: '' }, { ...live, takenAt: '' });
        const shown = await guestmemJson<VmDetails>(['show', '--file', path('whole.gmem')]);
        const now = await guestmemJson<VmDetails>(['show', vmm().id]);
        assert.deepEqual(shown.addressSpaces, now.addressSpaces);
        assert.deepEqual(shown.guestMemfds, now.guestMemfds);
        assert.deepEqual(shown.vm, now.vm);
        assert.deepEqual([...new Set(shown.vcpus.map(({ rip }) => rip))], [null]);
    });

    it('is told what it is and holds by its first lines, and by every verb that opens it', async () => {
        const lines = readFileSync(path('whole.gmem'), 'latin1').split('\n');
        assert.deepEqual([lines[0], lines[1]?.startsWith('Holds no guest content')], ['guestmem-snapshot 1', true]);
        const outcome = await guestmem(['map', '--file', path('whole.gmem')]);
        assert.match(outcome.stderr, /whole\.gmem: saved 20.* by guestmem .* on Linux .*Holds no guest content/);
        assert.match(outcome.stdout, /^ +GPA +SIZE +SLOT/);
    });

    it('is opened by a user without any privilege', async function () {
        const [setpriv = '', ...words] = asNobody;
        if (spawnSync(setpriv, [...words, 'test', '-r', 'dist/guestmem.js']).status !== 0) skip(this, 'needs setpriv, and a checkout that the user nobody can read');
        const nobody = { through: asNobody };
        const told = await guestmemJson<PageMap>(['map', '--file', path('whole.gmem')], nobody);
        assert.deepEqual(told, await guestmemJson<PageMap>(['map', '--file', path('whole.gmem')]));
        assert.deepEqual((await guestmemJson<Comparison>(['compare', path('whole.gmem'), path('whole.gmem')], nobody)).changes, []);
    });

    it('holds no names, paths and addresses of the host when it was redacted', async () => {
        await save('redacted.gmem', '--redact');
        const { vm, addressSpaces, unknown } = await guestmemJson<VmDetails>(['show', '--file', path('redacted.gmem')]);
        assert.deepEqual([vm.name, vm.command], [null, 'redacted']);
        for (const { hva, backing } of addressSpaces.flatMap(({ memslots }) => memslots)) {
            assert.ok(BigInt(hva) < 1n << 21n);
            assert.equal(backing?.path, null);
        }
        assert.ok(unknown.some(({ field }) => field === 'addressSpaces.memslots.hva'));
        assert.deepEqual((await compare(path('redacted.gmem'), path('whole.gmem'))).changes, []);
    });

    it('is the output where the file is -', async () => {
        const outcome = await guestmem(['snapshot', vmm().id, '-']);
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.match(outcome.stderr, /no guest content/);
        writeFileSync(path('piped.gmem'), outcome.bytes);
        assert.deepEqual((await compare(path('whole.gmem'), path('piped.gmem'))).changes, []);
    });

    it('replaces no file unless told so, and leaves none where it fails', async () => {
        writeFileSync(path('taken.gmem'), 'precious');
        const error = await guestmemError(['snapshot', vmm().id, path('taken.gmem')], 2);
        assert.match(error.message, /is there already.*--force/);
        await guestmemError(['snapshot', '4194303', path('taken.gmem'), '--force'], 4);
        assert.equal(readFileSync(path('taken.gmem'), 'latin1'), 'precious');
        await save('taken.gmem', '--force');
        assert.deepEqual((await compare(path('whole.gmem'), path('taken.gmem'))).changes, []);
        await guestmemError(['snapshot', '4194303', path('none.gmem')], 4);
        assert.throws(() => statSync(path('none.gmem')), { code: 'ENOENT' });
    });

    it('compares to just what the guest touched and the VMM dropped', async () => {
        const anonymous = vmm().memslot('anonymous', 1);
        await vmm().write(startOf(anonymous) + 4n * page, 1);
        await save('before.gmem', '--force');
        const touched = endOf(anonymous) - 3n * page;
        await vmm().write(touched, 1);
        await vmm().write(touched + page, 1);
        await vmm().changeHostMemory(startOf(anonymous) + 4n * page, page, 'drop');
        const { addressSpace, before, after, ...rest } = await compare(path('before.gmem'), vmm().id);
        assert.deepEqual([addressSpace, before.vm, after.vm, after.source], [0, vmm().id, vmm().id, vmm().id]);
        assert.deepEqual(changesIn({ addressSpace, before, after, ...rest }), [
            [hex(startOf(anonymous) + 4n * page), hex(page), 'hva-freed'],
            [hex(touched), hex(2n * page), 'hva-allocated'],
        ]);
        assert.deepEqual(rest.totals, [{ change: 'hva-allocated', size: hex(2n * page) }, { change: 'hva-freed', size: hex(page) }]);
        const live = await guestmemJson<PageMap>(['map', vmm().id]);
        const was = await guestmemJson<PageMap>(['map', '--file', path('before.gmem')]);
        const change = rest.changes[1];
        for (const [run, map] of [[change?.before, was], [change?.after, live]] as const) {
            assert.deepEqual({ ...run, gpa: '', size: '' }, { ...runAt(map, touched), gpa: '', size: '' });
        }
        // From live to the file it is the other way round.
        assert.deepEqual((await compare(vmm().id, path('before.gmem'))).totals, [
            { change: 'hva-allocated', size: hex(page) },
            { change: 'hva-freed', size: hex(2n * page) },
        ]);
    });

    it('compares to just what was allocated in and punched out of a guest_memfd', async function () {
        if (vmm().report.guestMemfds.length === 0) skip(this, 'needs a kernel whose default VMs can have a guest_memfd');
        const slot = vmm().memslot('guest_memfd');
        const prepared = slot.touched ?? assert.fail('the demo VMM touches pages of its guest_memfd');
        await save('gmem.gmem');
        const absent = endOf(slot) - 2n * page;
        await guestmemJson(['allocate', vmm().id, `${hex(absent)}+${hex(page)}`, '--yes']);
        await guestmemJson(['punch', vmm().id, `${prepared.gpa}+${hex(page)}`, '--yes']);
        const comparison = await compare(path('gmem.gmem'), vmm().id);
        const [punched, allocated] = comparison.changes;
        assert.equal(comparison.changes.length, 2);
        assert.deepEqual([punched?.gpa, punched?.size, allocated?.gpa, allocated?.size], [prepared.gpa, hex(page), hex(absent), hex(page)]);
        assert.ok(punched?.changes.includes('gmem-freed') && allocated?.changes.includes('gmem-allocated'));
        const text = await guestmem(['compare', path('gmem.gmem'), vmm().id]);
        assert.match(text.stdout, new RegExp(`${hex(absent)} +4 KiB +${slot.id} .*gmem-allocated`));
    });

    it('says what is wrong with a file, and with a name that is none', async () => {
        writeFileSync(path('other.gmem'), 'something else');
        const other = await guestmemError(['map', '--file', path('other.gmem')], 1);
        assert.equal(other.code, 'snapshot');
        assert.match(other.message, /other\.gmem.*no snapshot/);
        const missing = await guestmemError(['compare', path('missing.gmem'), vmm().id], 1);
        assert.match(missing.message, /missing\.gmem failed with ENOENT/);
        await guestmemError(['map', '--file', path('whole.gmem'), '--address-space', '1'], 2);
        await guestmemError(['map', vmm().id, '--file', path('whole.gmem')], 2);
        await guestmemError(['map'], 2);
    });
});
