/** The changes that need no private memory: what the kernel and the guest then say, the record, and the undo. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyChangeReport, ChangeList, UndoReport } from '../../src/common/change';
import type { MemoryRead, PageMap, VmDetails } from '../../src/common/model';
import { suiteChangeLog } from '../support/changeLog';
import { guestmem, guestmemError, guestmemJson } from '../support/guestmem';
import { hex, page, runAt, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { stop } from '../support/stopped';
import { until } from '../support/until';

describe('changes: the demo VMM', () => {
    const vmm = suiteVmm(['--slots', '2']);
    const log = suiteChangeLog();
    const change = (verb: string, ...words: string[]) => guestmemJson<AnyChangeReport>([verb, vmm().id, ...words], log());
    const refused = (code: number, verb: string, ...words: string[]) => guestmemError([verb, vmm().id, ...words], code, log());
    const mapNow = () => guestmemJson<PageMap>(['map', vmm().id]);
    const bytesAt = async (gpa: bigint, size: number) =>
        Buffer.from((await guestmemJson<MemoryRead>(['read', vmm().id, hex(gpa), String(size)])).bytes, 'base64').toString('hex');
    const records = async () => (await guestmemJson<ChangeList>(['changes', vmm().id], log())).changes;

    it('writes guest memory, which the guest reads, and takes it back', async () => {
        const gpa = startOf(vmm().memslot('memfd')) + 0x10n;
        await vmm().write(gpa, 0x11);
        const before = await bytesAt(gpa, 4);
        const preview = await change('write', hex(gpa), 'deadbeef', '--dry-run');
        assert.deepEqual([preview.pagesChanged, preview.executor, await bytesAt(gpa, 4)], [1, 'direct', before]);

        await change('write', hex(gpa), 'deadbeef', '--yes');
        assert.equal((await vmm().read(gpa + 1n)).value, 0xad);
        assert.equal((await change('write', hex(gpa), 'deadbeef', '--yes')).pagesChanged, 0);
        await change('undo', '--yes');
        assert.equal(await bytesAt(gpa, 4), before);
        assert.equal((await vmm().read(gpa)).value, 0x11);
    });

    it('writes nothing where that would allocate a page, and nothing outside memslots', async () => {
        const slot = vmm().memslot('memfd');
        const gpa = startOf(slot) + BigInt(slot.size) / 2n;
        assert.equal(runAt(await mapNow(), gpa).hvaBacking.state, 'absent');
        assert.match((await refused(1, 'write', hex(gpa), '00', '--yes')).message, /would allocate one/);
        // From a page that is there into one that is not: not even the first part.
        const last = startOf(slot) + 8n * page - 1n;
        const before = await bytesAt(last, 1);
        await refused(1, 'write', hex(last), 'ffff', '--yes');
        assert.equal(await bytesAt(last, 1), before);
        assert.equal(runAt(await mapNow(), gpa).hvaBacking.state, 'absent');
        assert.equal((await refused(1, 'write', '0x7f000000', '00', '--yes')).code, 'outside-memslots');
        assert.equal((await refused(2, 'write', hex(gpa), '0', '--yes')).code, 'usage');
        assert.equal((await refused(2, 'write', hex(gpa), '00')).code, 'usage');
    });

    it('says what a write did, and warns where the dirty log does not tell of it', async () => {
        const gpa = hex(startOf(vmm().memslot('memfd')) + 0x20n);
        await vmm().write(BigInt(gpa), 1);
        const told = await guestmem(['write', vmm().id, gpa, 'beef', '--dry-run'], log());
        assert.match(told.stdout, /^Would write 2 bytes and change one page of 0x[0-9a-f]+\+0x2\.\n/);
        const same = await guestmem(['write', vmm().id, gpa, '01', '--dry-run'], log());
        assert.match(same.stdout, /^Nothing to change: the page of \S+ holds these bytes already\.\n$/);
        assert.ok(!told.stdout.includes('dirty log'));
        const logged = vmm().memslot('dirty-logged');
        const there = hex(startOf(logged) + BigInt(logged.size) / 8n);
        assert.match((await guestmem(['write', vmm().id, there, 'beef', '--dry-run'], log())).stdout, /KVM does not log what the host writes/);
    });

    it('tells how to let a stopped VMM go on', async () => {
        const slot = vmm().memslot('memfd');
        try {
            await stop(vmm().report.pid);
            assert.match((await refused(1, 'log-dirty-pages', String(slot.id), 'on', '--yes')).message, new RegExp(`kill -CONT ${vmm().report.pid}\\)`));
        } finally {
            process.kill(vmm().report.pid, 'SIGCONT');
        }
    });

    it('allocates guest_memfd pages, tells which were there, and gives back just those that it allocated', async () => {
        const slot = vmm().memslot('guest_memfd');
        const range = `${slot.gpa}+${slot.size}`;
        const pages = Number(BigInt(slot.size) / page);
        const runsBefore = (await mapNow()).runs;
        const allocated = () => guestmemJson<VmDetails>(['show', vmm().id]).then(({ guestMemfds }) => guestMemfds.find(({ fds }) => fds.includes(slot.guestMemfd?.fd ?? -1))?.allocated);
        const before = await allocated();

        const report = await change('allocate', range, '--yes');
        assert.equal(report.pagesChanged + report.pagesAlready, pages);
        assert.ok(report.pagesChanged > 0 && report.pagesAlready > 0);
        assert.equal(BigInt((await allocated()) ?? 0), BigInt(before ?? 0) + BigInt(report.pagesChanged) * page);
        assert.equal((await change('allocate', range, '--yes')).pagesChanged, 0);

        await change('undo', '--yes');
        assert.equal(await allocated(), before);
        assert.deepEqual((await mapNow()).runs, runsBefore);
    });

    it('gives guest_memfd pages back: the guest then reads zeros, and there is no undo', async () => {
        const gpa = startOf(vmm().memslot('guest_memfd'));
        await vmm().write(gpa, 0x77);
        const report = await change('punch', `${hex(gpa)}+0x1000`, '--yes');
        assert.deepEqual([report.pagesChanged, report.undo], [1, null]);
        assert.equal(runAt(await mapNow(), gpa).gmemBacking.state, 'absent');
        assert.equal((await vmm().read(gpa)).value, 0);
        assert.match((await refused(1, 'undo', '--yes')).message, /'punch' on .* has no undo/);
    });

    it('refuses to punch where no guest_memfd is', async () => {
        const range = `${vmm().memslot('memfd').gpa}+0x1000`;
        assert.match((await refused(1, 'punch', range, '--yes')).message, /has no guest_memfd/);
        assert.equal((await refused(1, 'allocate', '0x7f000000+0x1000', '--yes')).code, 'outside-memslots');
    });

    it('has KVM log dirty pages, with the rest of the memslot as it was, and stops it again', async () => {
        const slot = vmm().memslot('memfd');
        const shown = async () => {
            const { addressSpaces } = await guestmemJson<VmDetails>(['show', vmm().id]);
            return addressSpaces[0]?.memslots.find(({ id }) => id === slot.id);
        };
        const before = await shown();
        const report = await change('log-dirty-pages', String(slot.id), 'on', '--yes');
        assert.ok(report.stoppedMicroseconds > 0);
        assert.deepEqual(await shown(), { ...before, flags: [...(before?.flags ?? []), 'log-dirty-pages'] });
        await vmm().write(startOf(slot), 1);
        const map = await mapNow();
        assert.equal(runAt(map, startOf(slot)).dirty, true);
        assert.equal(runAt(map, startOf(slot) + page).dirty, false);
        await change('undo', '--yes');
        assert.deepEqual(await shown(), before);
    });

    it('does not touch memslots with a guest_memfd, nor some that are not there', async () => {
        const { id } = vmm().memslot('guest_memfd');
        assert.match((await refused(1, 'log-dirty-pages', String(id), 'on', '--yes')).message, /with a guest_memfd/);
        assert.equal((await refused(1, 'log-dirty-pages', '999', 'on', '--yes')).code, 'outside-memslots');
        assert.equal((await refused(2, 'log-dirty-pages', String(id), 'maybe', '--yes')).code, 'usage');
    });

    it('records every change, for its user alone, and nothing of a dry run', async () => {
        const before = (await records()).length;
        const gpa = hex(startOf(vmm().memslot('memfd')));
        await change('write', gpa, '42', '--dry-run');
        assert.equal((await records()).length, before);
        await change('write', gpa, '42', '--yes');
        const last = (await records()).at(-1);
        assert.deepEqual(
            [last?.vm, last?.command, last?.change, last?.range, last?.result, last?.pagesChanged],
            [vmm().id, 'guestmem-demo', 'write', `${gpa}+0x1`, 'done', 1],
        );
        assert.equal(statSync(join(log().folder, 'guestmem/changes.jsonl')).mode & 0o777, 0o600);
        assert.deepEqual((await guestmemJson<ChangeList>(['changes', '1:1'], log())).changes, []);
    });

    it('undoes nothing while nobody knows what came of the last change', async () => {
        const path = join(log().folder, 'guestmem/changes.jsonl');
        const whole = readFileSync(path, 'utf8');
        const last = whole.trimEnd().split('\n').at(-1) ?? '';
        writeFileSync(path, `${whole}${JSON.stringify({ ...(JSON.parse(last) as object), result: 'begun' })}\n`);
        assert.match((await refused(1, 'undo', '--yes')).message, /nobody recorded what came/);
        writeFileSync(path, whole);
        assert.equal((await change('undo', '--yes')).pagesChanged, 1);
    });

    it('names the change that an undo takes back, and leaves alone what was done to an earlier VM at the same descriptor', async () => {
        const gpa = hex(startOf(vmm().memslot('memfd')) + 0x30n);
        await change('write', gpa, '77', '--yes');
        const { time } = (await records()).at(-1) ?? assert.fail('it is not on record');
        const preview = await guestmem(['undo', vmm().id, '--dry-run'], log());
        assert.ok(preview.stdout.startsWith(`Takes back 'write' on ${gpa}+0x1 of ${time}.\n`), preview.stdout);
        const path = join(log().folder, 'guestmem/changes.jsonl');
        const whole = readFileSync(path, 'utf8');
        const asOf = (difference: object) => writeFileSync(path, whole.replace(/.*\n$/, (last) => `${JSON.stringify({ ...(JSON.parse(last) as object), ...difference })}\n`));
        const earlier = [{ vmSerial: 1 }, { boot: 'another' }, { processStart: '1' }];
        for (const difference of earlier) {
            asOf(difference);
            const { stdout } = await guestmem(['undo', vmm().id, '--dry-run'], log());
            assert.ok(!stdout.includes(time), stdout);
        }
        writeFileSync(path, whole);
        assert.deepEqual((await guestmemJson<UndoReport>(['undo', vmm().id, '--yes'], log())).undone, { change: 'write', range: `${gpa}+0x1` });
    });

    it('reads a record that ends in half a line', async () => {
        const path = join(log().folder, 'guestmem/changes.jsonl');
        const whole = readFileSync(path, 'utf8');
        const before = await records();
        writeFileSync(path, `${whole}{"time":"2026-`);
        assert.deepEqual(await records(), before);
        writeFileSync(path, whole);
    });

    it('changes nothing that it cannot record', async () => {
        const gpa = startOf(vmm().memslot('memfd'));
        const before = await bytesAt(gpa, 1);
        const nowhere = join(log().folder, 'file');
        writeFileSync(nowhere, '');
        chmodSync(nowhere, 0o400);
        for (const folder of [nowhere, '/proc/nowhere']) {
            const error = await guestmemError(['write', vmm().id, hex(gpa), 'ee', '--yes'], 3, { through: ['env', `XDG_STATE_HOME=${folder}`] });
            assert.match(error.message, /cannot be written/);
        }
        assert.equal(await bytesAt(gpa, 1), before);
    });

    it('lets no two change a VM at once', async () => {
        // What guestmem locks is /proc/PID; flock(1) stands for another one that holds it.
        const holder = spawn('flock', ['--exclusive', `/proc/${vmm().report.pid}`, '--command', 'echo held; read line'], { stdio: ['pipe', 'pipe', 'inherit'] });
        try {
            await once(holder.stdout, 'data');
            const error = await refused(3, 'write', hex(startOf(vmm().memslot('memfd'))), '01', '--yes');
            assert.equal(error.code, 'locked');
        } finally {
            const exited = once(holder, 'exit');
            holder.stdin.end('\n');
            await exited;
        }
        assert.equal((await guestmem(['write', vmm().id, hex(startOf(vmm().memslot('memfd'))), '01', '--yes'], log())).code, 0);
    });

    it('refuses a change while another guestmem is in the middle of one', async () => {
        // The other one waits for a reader of its record, which is a pipe: it has the lock and has not begun.
        const folder = mkdtempSync(join(tmpdir(), 'guestmem-changes-'));
        mkdirSync(join(folder, 'guestmem'));
        const pipe = join(folder, 'guestmem/changes.jsonl');
        execFileSync('mkfifo', [pipe]);
        const gpa = startOf(vmm().memslot('memfd')) + 0x40n;
        await vmm().write(gpa, 0x11);
        const other = guestmem(['write', vmm().id, hex(gpa), '22', '--yes'], { through: ['env', `XDG_STATE_HOME=${folder}`] });
        try {
            // Told by the kernel's list: one who tried the lock would have it for a moment, and refuse it to the other.
            const isLocked = () => new RegExp(`FLOCK .*:${statSync(`/proc/${vmm().report.pid}`).ino} `).test(readFileSync('/proc/locks', 'utf8'));
            await until('the other one has the lock', isLocked);
            assert.equal((await refused(3, 'write', hex(gpa), '33', '--yes')).code, 'locked');
            assert.equal(await bytesAt(gpa, 1), '11');
        } finally {
            const reader = openSync(pipe, 'r+');
            assert.equal((await other).code, 0);
            closeSync(reader);
            rmSync(folder, { recursive: true });
        }
        assert.equal(await bytesAt(gpa, 1), '22');
        assert.equal((await change('write', hex(gpa), '33', '--yes')).pagesChanged, 1);
    });

    it('says why it cannot pre-fault where KVM has no tables that can be read', async () => {
        const error = await refused(1, 'pre-fault', `${vmm().memslot('memfd').gpa}+0x1000`, '--yes');
        assert.match(error.message, /shadow MMU/);
    });
});
