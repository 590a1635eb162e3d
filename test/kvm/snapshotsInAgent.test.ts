/** What an agent does with .gmem files: it saves the maps that it holds open, opens files, and compares both. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unpackPageRuns } from '../../src/common/packedRuns';
import { GuestmemError, type ErrorCode } from '../../src/common/errors';
import { findLayer } from '../../src/common/mapLayers';
import { snapshotPartBytes } from '../../src/common/mapMethods';
import type { PageMap, VmDetails } from '../../src/common/model';
import type { MapHandle, OpenedMap } from '../../src/common/openedMap';
import { pageRunAt } from '../../src/common/pageRuns';
import { AgentProcess } from '../support/agentProcess';
import { guestmemJson } from '../support/guestmem';
import { makeRuns, makeSnapshot } from '../support/madeSnapshots';
import { endOf, hex, page } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

const failsWith = (code: ErrorCode, message = /./) => (thrown: unknown) => {
    assert.ok(thrown instanceof GuestmemError, String(thrown));
    assert.deepEqual([thrown.code, message.test(thrown.message)], [code, true], thrown.message);
    return true;
};

async function save(agent: AgentProcess, map: MapHandle, redact = false): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (let from: number | null = 0; from !== null; ) {
        const part: { bytes: Uint8Array; next: number | null } = await agent.request('saveMap', { map, redact, from });
        parts.push(part.bytes);
        from = part.next;
    }
    return Buffer.concat(parts);
}

async function open(agent: AgentProcess, file: Uint8Array, addressSpace: number | null = null, partBytes = snapshotPartBytes): Promise<OpenedMap> {
    let upload: number | null = null;
    for (let at = 0; ; at += partBytes) {
        const last = at + partBytes >= file.length;
        const answer: { upload: number; opened: OpenedMap | null } = await agent.request('openSnapshot', { upload, part: file.subarray(at, at + partBytes), last, addressSpace });
        if (answer.opened !== null) return answer.opened;
        assert.equal(last, false);
        upload = answer.upload;
    }
}

async function runsOf(agent: AgentProcess, { map, generation, runs }: OpenedMap) {
    const classes = findLayer('attribute')?.classes.map((_, index) => index) ?? [];
    const filter = { layer: 'attribute', classes, memslot: null, range: null };
    const list = await agent.request('listRuns', { map, generation, filter, order: 'address', descending: false, first: 0, most: runs });
    const unpacked = unpackPageRuns(list.runs);
    return Array.from({ length: unpacked.count }, (_, i) => pageRunAt(unpacked, i));
}

describe('snapshots in an agent: of the demo VMM', () => {
    const vmm = suiteVmm(['--name', 'kept']);
    let agent: AgentProcess;
    let folder = '';
    before('make a folder', () => (folder = mkdtempSync(join(tmpdir(), 'guestmem-snapshots-'))));
    after('remove the folder', () => rmSync(folder, { recursive: true, force: true }));
    beforeEach(() => {
        agent = new AgentProcess();
    });
    afterEach(() => agent.end());
    const openVm = () => agent.request('openMap', { vm: vmm().id, addressSpace: 0 });

    it('saves what the command line tells, and another agent opens it', async () => {
        const living = await openVm();
        const file = await save(agent, living.map);
        const path = join(folder, 'saved.gmem');
        writeFileSync(path, file);
        const told = await guestmemJson<PageMap>(['map', '--file', path]);
        assert.deepEqual({ ...told, takenAt: '' }, { ...(await guestmemJson<PageMap>(['map', vmm().id])), takenAt: '' });

        const other = new AgentProcess();
        try {
            const opened = await open(other, file, null, 100);
            assert.deepEqual([opened.origin, opened.made?.redacted, opened.made?.addressSpaces], ['file', false, [0]]);
            assert.deepEqual([opened.totals, opened.unknown, opened.takenAt], [told.totals, told.unknown, told.takenAt]);
            assert.deepEqual(opened.details, await guestmemJson<VmDetails>(['show', '--file', path]));
            assert.deepEqual(opened.kinds, living.kinds);
            assert.deepEqual(await runsOf(other, opened), told.runs);
            // A file is saved again as it is, but for the time.
            const again = await open(other, await save(other, opened.map));
            assert.deepEqual({ ...again, map: 0, made: null }, { ...opened, map: 0, made: null });
        } finally {
            await other.end();
        }
    });

    it('leaves out what a redacted file must not hold, for good', async () => {
        const { map } = await openVm();
        const redacted = await open(agent, await save(agent, map, true));
        const again = await open(agent, await save(agent, redacted.map));
        for (const { details, made } of [redacted, again]) {
            assert.deepEqual([details.vm.name, details.vm.command, made?.redacted], [null, 'redacted', true]);
        }
    });

    it('compares a file with a running VM: what the guest touched since, and nothing else', async () => {
        const { map } = await openVm();
        const before = await open(agent, await save(agent, map));
        const same = await agent.request('compareMaps', { before: before.map, after: map });
        assert.equal(same.kinds.every((kind) => kind.before?.state === kind.state && kind.before.detail === kind.detail), true);
        const touched = endOf(vmm().memslot('anonymous')) - 2n * page;
        await vmm().write(touched, 1);
        const living = await openVm();
        const compared = await agent.request('compareMaps', { before: before.map, after: living.map });
        const changed = compared.kinds.filter((kind) => kind.before?.state !== kind.state);
        assert.deepEqual(changed.map(({ pages }) => pages), [1]);
        const extent = { start: Number(touched / page), end: Number(touched / page) + 1 };
        const { run } = await agent.request('countPages', { map: compared.map, generation: compared.generation, layer: 'comparison', extent });
        assert.equal(pageRunAt(unpackPageRuns(run?.runs ?? assert.fail()), 0).gpa, hex(touched));
        await assert.rejects(save(agent, compared.map), failsWith('usage', /A comparison is not saved/));
    });

    it('refuses to go on elsewhere than where a file has come to', async () => {
        const { map } = await openVm();
        await assert.rejects(agent.request('saveMap', { map, redact: false, from: 10 }), failsWith('usage', /from 0/));
        await assert.rejects(agent.request('saveMap', { map: 0, redact: false, from: 0 }), failsWith('usage'));
        assert.ok((await save(agent, map)).length > 0);
    });
});

describe('snapshots in an agent: files that nobody vouches for', () => {
    let agent: AgentProcess;
    beforeEach(() => {
        agent = new AgentProcess();
    });
    afterEach(() => agent.end());
    const file = makeSnapshot(makeRuns(1), makeRuns(2));

    it('opens the address space that is asked for, else the first', async () => {
        assert.equal((await open(agent, file)).addressSpace, 0);
        const other = await open(agent, file, 1);
        assert.deepEqual([other.addressSpace, other.runs], [1, makeRuns(2).count]);
        await assert.rejects(open(agent, file, 5), failsWith('usage', /it has 0, 1/));
    });

    it('refuses what is no snapshot or no whole one, and goes on', async () => {
        const damaged = Buffer.from(file);
        damaged[file.length >> 1] = (damaged[file.length >> 1] ?? 0) ^ 0xff;
        await assert.rejects(open(agent, Buffer.from('nothing of the kind')), failsWith('snapshot', /no snapshot/));
        await assert.rejects(open(agent, file.subarray(0, -20)), failsWith('snapshot', /cut off/));
        await assert.rejects(open(agent, damaged, null, 1000), failsWith('snapshot', /damaged/));
        await assert.rejects(open(agent, Buffer.alloc(0)), failsWith('snapshot', /empty/));
        assert.equal((await open(agent, file)).runs, makeRuns(1).count);
    });

    it('refuses parts that are too large, of no upload, or no bytes', async () => {
        const part = (upload: unknown, bytes: unknown) => agent.send('openSnapshot', { upload, part: bytes, last: false, addressSpace: null });
        await assert.rejects(part(null, Buffer.alloc(snapshotPartBytes + 1)), failsWith('usage', /at most/));
        await assert.rejects(part(null, 'text'), failsWith('usage', /must be bytes/));
        await assert.rejects(part(7, file.subarray(0, 10)), failsWith('usage', /does not go on/));
        // A failure ends the upload.
        const { upload } = (await part(null, file.subarray(0, 10))) as { upload: number };
        await assert.rejects(part(upload, Buffer.from('?')), failsWith('snapshot'));
        await assert.rejects(part(upload, file.subarray(10, 20)), failsWith('usage', /does not go on/));
    });

    it('ends the oldest upload where too many are begun', async () => {
        const begin = () => agent.request('openSnapshot', { upload: null, part: file.subarray(0, 100), last: false, addressSpace: null });
        const uploads = [await begin(), await begin(), await begin()];
        const finish = ({ upload }: { upload: number }) => agent.request('openSnapshot', { upload, part: file.subarray(100), last: true, addressSpace: null });
        await assert.rejects(finish(uploads[0] ?? assert.fail()), failsWith('usage', /does not go on/));
        for (const upload of uploads.slice(1)) assert.equal((await finish(upload)).opened?.runs, makeRuns(1).count);
    });
});
