/** What the addon reads of a VM, against what the VMM that made it says. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { MemslotColumns, VmmProcess } from '../../native/index';
import { DemoVmm } from '../support/demoVmm';
import { hex, page } from '../support/pages';
import { requireKvm, requireRoot } from '../support/requirements';
import { suiteVmm } from '../support/suiteVmm';
import { addon, addonFile, nativeCode } from './addon';
import { compileFixture } from './fixtures';

/** Flags of struct kvm_memory_slot; the last one is KVM's own. */
const flagNames = { 1: 'log-dirty-pages', 2: 'readonly', 4: 'guest-memfd' } as const;
const gmemOnly = 1 << 17;
const noSuchPid = 4_194_303;

function slotsOf(columns: MemslotColumns) {
    return Array.from(columns.ids, (id, index) => ({
        id,
        gpa: hex(BigInt(columns.gfns[index] ?? 0) * page),
        size: hex(BigInt(columns.pages[index] ?? 0) * page),
        hva: hex(columns.hvas[index] ?? 0n),
        flags: Object.entries(flagNames).flatMap(([bit, name]) => ((columns.flags[index] ?? 0) & Number(bit) ? [name] : [])),
        gmemPage: columns.gmemInodes[index] === -1 ? null : columns.gmemPages[index],
    })).sort((one, other) => one.id - other.id);
}

describe('reading a VM', () => {
    const vmm = suiteVmm(['--vms', '3', '--fork', '--slots', '600', '--slot-size', '4K', '--vcpus', '2']);
    let process_: VmmProcess;
    before(() => (process_ = new addon.VmmProcess(vmm().report.pid)));
    after(() => process_.close());
    const readVm = (fd = vmm().report.vmFd) => process_.readVm(fd) ?? assert.fail(`fd ${fd} is no VM`);

    it('loads every BPF program', () => assert.equal(addon.probeBpf(), null));

    it('leaves nothing of a VM in what it says of the next one', async () => {
        const other = await DemoVmm.start(['--rate', '0']);
        const process = new addon.VmmProcess(other.report.pid);
        const { memslots } = process.readVm(other.report.vmFd) ?? assert.fail('the other VM has gone');
        process.close();
        await other.stop();
        assert.ok(memslots.gmemPages.some((page) => page > 0));
        const { gmemInodes, gmemPages } = readVm().memslots;
        assert.deepEqual(gmemPages.filter((_, i) => gmemInodes[i] === -1).filter((page) => page !== 0), new Float64Array());
    });

    it('has the memslots that the VMM made', () => {
        const { memslots, consistent } = readVm();
        const expected = vmm().report.memslots.map(({ id, gpa, size, hva, flags, guestMemfd }) => ({
            ...{ id, gpa, size, hva, flags },
            gmemPage: guestMemfd === null ? null : Number(BigInt(guestMemfd.offset) / page),
        }));
        assert.ok(expected.length > 600);
        assert.equal(memslots.count, expected.length);
        assert.deepEqual(slotsOf(memslots), expected.sort((one, other) => one.id - other.id));
        assert.equal(consistent, true);
    });

    it('says of a memslot that only its guest_memfd backs it, where that can be mapped', () => {
        const { memslots } = readVm();
        for (const slot of vmm().report.memslots) {
            const index = memslots.ids.indexOf(slot.id);
            const mappable = vmm().report.guestMemfds.find(({ fd }) => fd === slot.guestMemfd?.fd)?.flags.includes('mmap') ?? false;
            assert.equal(((memslots.flags[index] ?? 0) & gmemOnly) !== 0, mappable, `memslot ${slot.id}`);
        }
    });

    it('finds the KVM files, and the threads that run the vCPUs', () => {
        const files = process_.kvmFiles();
        const fds = (kind: string) => files.filter((file) => file.kind === kind).map(({ fd }) => fd);
        const { vmFd, otherVmFds, guestMemfds, pid } = vmm().report;
        assert.deepEqual(fds('vm'), [vmFd, ...otherVmFds].sort((one, other) => one - other));
        assert.deepEqual(fds('guest_memfd'), guestMemfds.map(({ fd }) => fd));
        const vcpus = files.filter(({ kind }) => kind === 'vcpu');
        assert.deepEqual(vcpus.map(({ vcpu }) => vcpu), [0, 1]);
        assert.equal(readVm().vcpus, 2);
        for (const { tid } of vcpus) {
            const status = spawnSync('cat', [`/proc/${pid}/task/${tid ?? 0}/comm`], { encoding: 'utf8' });
            assert.equal(status.status, 0, `the vCPU's thread ${tid ?? 'null'} is not one of the VMM's`);
        }
    });

    it('tells its VMs apart, and knows the same VM through another process', () => {
        const { otherVmFds, vmFd, holder } = vmm().report;
        const identities = [vmFd, ...otherVmFds].map((fd) => readVm(fd).vm);
        assert.equal(new Set(identities).size, 3);
        assert.deepEqual([vmFd, ...otherVmFds].map((fd) => readVm(fd).vm), identities);
        assert.ok(holder !== null);
        const child = new addon.VmmProcess(holder);
        const held = child.readVm(vmFd);
        child.close();
        assert.deepEqual([held?.vm, held?.ownedByProcess], [identities[0], false]);
        assert.equal(readVm().ownedByProcess, true);
    });

    it('reads a VM by any of its files', () => {
        const { vm, memslots } = readVm();
        const files = process_.kvmFiles().filter((file) => file.vm === vm);
        assert.ok(new Set(files.map(({ kind }) => kind)).size > 1);
        for (const { fd, kind } of files) {
            const record = readVm(fd);
            assert.equal(record.vm, vm, kind);
            assert.deepEqual(slotsOf(record.memslots), slotsOf(memslots), kind);
            assert.deepEqual(process_.readGuestMapping(fd, 0, 0, 100, false), process_.readGuestMapping(vmm().report.vmFd, 0, 0, 100, false));
            const logged = Number(BigInt(vmm().memslot('dirty-logged').gpa) / page);
            assert.notEqual(process_.readDirtyPages(fd, 0, logged, logged + 16), null);
        }
    });

    it('finds where processes have KVM files mapped, as /proc/PID/maps has them', () => {
        const { pid, holder } = vmm().report;
        const { vm } = readVm();
        const seen = [];
        for (let from: { pid: number; hva: bigint } | null = { pid: 0, hva: 0n }; from !== null; ) {
            const chunk = addon.kvmMappings(from.pid, from.hva);
            seen.push(...chunk.mappings.filter((mapping) => mapping.pid === pid || mapping.pid === holder));
            from = chunk.next;
        }
        const line = /^([0-9a-f]+)-([0-9a-f]+) (...)[ps] ([0-9a-f]+) \S+ ([0-9]+) +(.*kvm.*)$/;
        const expected = [pid, holder ?? 0].sort((a, b) => a - b).flatMap((process) =>
            readFileSync(`/proc/${process}/maps`, 'utf8').split('\n').flatMap((text) => {
                const [, start, end, rights, offset, inode, path] = line.exec(text) ?? [];
                if (path === undefined) return [];
                return [{
                    pid: process,
                    kind: path.includes('kvm-vcpu') ? 'vcpu' : 'guest_memfd',
                    vm,
                    inode: Number(inode),
                    start: BigInt(`0x${start ?? ''}`),
                    end: BigInt(`0x${end ?? ''}`),
                    firstPage: parseInt(offset ?? '', 16) / Number(page),
                    rights,
                }];
            }),
        );
        assert.ok(expected.some(({ kind }) => kind === 'vcpu'));
        assert.deepEqual(seen, expected);
    });

    it('goes on in the middle of a process that has very many mappings', () => {
        // Pages that differ in their rights cannot become one mapping.
        const script = 'import mmap,ctypes,sys\nlibc=ctypes.CDLL(None)\nn=60000\nm=mmap.mmap(-1,n*4096)\na=ctypes.addressof(ctypes.c_char.from_buffer(m))\nfor i in range(0,n,2): libc.mprotect(ctypes.c_void_p(a+i*4096),4096,1)\nprint(1,flush=True)\nsys.stdin.read()';
        const crowded = ['1', '2'].map(() => spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] }));
        return Promise.all(crowded.map((child) => once(child.stdout, 'data')))
            .then(() => {
                const { vm } = readVm();
                const found = [];
                let chunks = 0;
                for (let from: { pid: number; hva: bigint } | null = { pid: 0, hva: 0n }; from !== null; chunks++) {
                    const chunk = addon.kvmMappings(from.pid, from.hva);
                    found.push(...chunk.mappings.filter((mapping) => mapping.vm === vm).map(({ pid, start }) => `${pid}:${start}`));
                    from = chunk.next;
                }
                assert.ok(chunks > 1, 'it came in one chunk');
                assert.ok(found.length > 0);
                assert.equal(new Set(found).size, found.length);
            })
            .finally(() => crowded.forEach((child) => child.kill('SIGKILL')));
    });

    it('has the guest_memfds and their bindings', () => {
        for (const { fd, size, flags } of vmm().report.guestMemfds) {
            const record = process_.readGuestMemfd(fd) ?? assert.fail(`fd ${fd} is no guest_memfd`);
            assert.equal(record.vm, readVm().vm);
            assert.equal(hex(record.size), size);
            assert.equal(record.flags, (flags.includes('mmap') ? 1n : 0n) | (flags.includes('init-shared') ? 2n : 0n));
            const bound = vmm().report.memslots.filter((slot) => slot.guestMemfd?.fd === fd);
            assert.deepEqual(
                record.bindings,
                bound.map((slot) => ({
                    addressSpace: 0,
                    memslot: slot.id,
                    first: Number(BigInt(slot.guestMemfd?.offset ?? 0) / page),
                    pages: Number(BigInt(slot.size) / page),
                })),
            );
        }
    });

    it('reads each vCPU, and nothing from an fd that is none', () => {
        const fds = process_.kvmFiles().filter(({ kind }) => kind === 'vcpu').map(({ fd }) => fd);
        for (const fd of fds) {
            const state = process_.readVcpuState(fd) ?? assert.fail(`fd ${fd} is no vCPU`);
            assert.equal(state.memoryFault, null);
            assert.ok([0, 5].includes(state.exitReason), `neither running nor halted: exit reason ${state.exitReason}`);
        }
        for (const fd of [0, 99_999, vmm().report.vmFd]) assert.equal(process_.readVcpuState(fd), null);
    });

    it('is null for an fd that is not a VM', () => {
        for (const fd of [0, 99_999]) {
            assert.equal(process_.readVm(fd), null);
            assert.equal(process_.readAttributes(fd, 0, 100), null);
            assert.equal(process_.readGuestMapping(fd, 0, 0, 100, false), null);
            assert.equal(process_.readLargePageObstacles(fd, 0, 0, 100), null);
            assert.equal(process_.readDirtyPages(fd, 0, 0, 100), null);
        }
    });

    it('hands out no kernel address', () => {
        const { vmFd, guestMemfds } = vmm().report;
        const everything = [process_.kvmFiles(), process_.readVm(vmFd), ...guestMemfds.map(({ fd }) => process_.readGuestMemfd(fd))];
        const numbers: bigint[] = [];
        JSON.stringify(everything, (_key, value: unknown) => {
            if (typeof value === 'bigint' || (typeof value === 'number' && value >= 0)) numbers.push(BigInt(value));
            return value instanceof BigUint64Array ? [...value] : typeof value === 'bigint' ? null : value;
        });
        assert.ok(numbers.length > 3000);
        assert.deepEqual(numbers.filter((number) => number >= 1n << 47n), []);
    });
});

describe('identities of VMs', () => {
    it('are new for each VM, also where a new one takes the old one’s memory', async function () {
        requireRoot(this);
        requireKvm(this);
        const child = spawn(compileFixture('one_vm_after_another.c'), { stdio: ['pipe', 'pipe', 'inherit'] });
        const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
        const seen = new Set<number>();
        const serials = new Set<number | null>();
        const rounds = 30;
        for (let round = 0; round < rounds; round++) {
            const fd = Number((await lines.next()).value);
            const process_ = new addon.VmmProcess(child.pid ?? 0);
            const record = process_.readVm(fd) ?? assert.fail(`fd ${fd} is no VM`);
            seen.add(record.vm);
            serials.add(record.serial);
            process_.close();
            child.stdin.write('\n');
        }
        child.kill('SIGKILL');
        await once(child, 'exit');
        assert.deepEqual([seen.size, serials.size], [rounds, rounds]);
    });
});

describe('errors of the addon', () => {
    before(function () {
        requireRoot(this);
    });
    const onSelf = (action: (self: VmmProcess) => unknown) => {
        const self = new addon.VmmProcess(process.pid);
        try {
            return nativeCode(() => action(self));
        } finally {
            self.close();
        }
    };

    it('say that there is no such process, or that it is a thread', () => {
        assert.equal(nativeCode(() => new addon.VmmProcess(noSuchPid)), 'ESRCH');
        const threads = spawnSync('ls', [`/proc/${process.pid}/task`], { encoding: 'utf8' }).stdout.split('\n');
        const thread = Number(threads.find((tid) => tid !== '' && Number(tid) !== process.pid));
        assert.equal(nativeCode(() => new addon.VmmProcess(thread)), 'EINVAL');
    });

    it('name the operation and what the system said', () => {
        assert.throws(() => new addon.VmmProcess(noSuchPid), {
            name: 'NativeError',
            code: 'ESRCH',
            operation: `open process ${noSuchPid}`,
            message: `Could not open process ${noSuchPid}: ESRCH (No such process)`,
        });
    });

    it('refuse arguments out of range', () => {
        for (const pid of [0, -1, 1.5, NaN, 2 ** 40]) assert.equal(nativeCode(() => new addon.VmmProcess(pid)), 'EINVAL');
        assert.equal(onSelf((self) => self.readVm(-1)), 'EINVAL');
        assert.equal(onSelf((self) => self.readVm(2 ** 31)), 'EINVAL');
        assert.equal(onSelf((self) => self.readAttributes(3, 0, 2 ** 60)), 'EINVAL');
        assert.equal(onSelf((self) => self.scanPagemap(1n, 4096n)), 'EINVAL');
        assert.equal(onSelf((self) => self.scanPagemap(8192n, 4096n)), 'EINVAL');
        assert.equal(onSelf((self) => self.scanPagemap(-4096n, 4096n)), 'EINVAL');
        assert.equal(onSelf((self) => self.readMemory(1n << 64n, Buffer.alloc(1))), 'EINVAL');
    });

    it('tell of a process that was closed', () => {
        const self = new addon.VmmProcess(process.pid);
        self.close();
        assert.equal(nativeCode(() => self.kvmFiles()), 'EBADF');
        self.close();
    });

    it('say what is not permitted to a user without privilege', () => {
        const script = `const { VmmProcess, probeBpf } = require(${JSON.stringify(addonFile)});
            console.log(probeBpf().code);
            try { new VmmProcess(${process.pid}).kvmFiles() } catch (error) { console.log(error.code, error.operation) }`;
        const asNobody = spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', '--inh-caps=-all', process.execPath, '-e', script], {
            encoding: 'utf8',
        });
        assert.equal(asNobody.stdout, 'EPERM\nEPERM load the BPF program kvm_files\n', asNobody.stderr);
    });
});
