/** Guest virtual addresses, each kind of paging: QEMU's own walk of the same tables (gva2gpa) is the witness. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suiteAgent } from './suiteAgent';
import { hex } from './pages';
import { Qemu, qemuProgram } from './qemu';
import { requireKvm, requireProgram, requireRoot } from './requirements';
import { skip } from './skip';

/** MODE of the guest's source, by what the walk calls it. */
const modes = { '32-bit paging': 1, 'PAE paging': 2, '4-level paging': 3 } as const;

/** Within and beside all that the guest has mapped, in each mode. */
const addresses = [0x0n, 0x10_0004n, 0x1f_ffffn, 0x20_5123n, 0x20_6000n, 0x40_0000n, 0x40_5678n, 0x40_6000n, 0x80_1234n, 0x4012_3456n, 0xc000_0042n, 0xc040_0007n, 0xffff_ffffn];
const longAddresses = [0xffff_ff80_0020_5123n, 0xffff_ff80_4012_3456n, 0xffff_ff80_8000_0000n];

export function describeGuestVirtual(name: keyof typeof modes): void {
    const mode = modes[name];
    describe(`guest virtual addresses with ${name}`, () => {
        const folder = mkdtempSync(join(tmpdir(), 'guestmem-paging-'));
        const agent = suiteAgent();
        let started: Qemu | undefined;
        const qemu = (): Qemu => started ?? assert.fail('QEMU was not started');

        before('start a guest that pages so', async function () {
            requireKvm(this);
            requireRoot(this);
            requireProgram(this, qemuProgram);
            const [object, image] = [join(folder, 'guest.o'), join(folder, 'guest')];
            execFileSync('cc', ['-m32', '-c', `-DMODE=${mode}`, '-o', object, 'test/native/fixtures/paging_guest.S']);
            execFileSync('ld', ['-m', 'elf_i386', '-Ttext=0x100000', '-N', '--no-warn-rwx-segments', '--section-start=.multiboot=0xff000', '-e', '_start', '-o', image, object]);
            started = await Qemu.start(['-machine', 'pc', '-m', '64M', '-kernel', image]);
            for (let tries = 0; !(await qemu().examine(0x9000n, 4)).equals(Buffer.from([0xef, 0xbe, 0x0d, 0x60])); tries++) {
                assert.ok(tries < 1200, 'the guest turns paging on');
                await sleep(100);
            }
            // QEMU then reads all registers, so that KVM has current ones.
            await qemu().execute('stop');
        });
        after(async () => {
            await started?.stop();
            rmSync(folder, { recursive: true, force: true });
        });

        it('lead to the guest physical addresses that QEMU comes to, or to none', async function () {
            const found = new Set<boolean>();
            for (const gva of mode === 3 ? [...addresses, ...longAddresses] : addresses) {
                const said = await qemu().monitor(`gva2gpa ${hex(gva)}`);
                const gpa = /gpa: (?:0x)?([0-9a-f]+)/.exec(said)?.[1];
                const wanted = gpa === undefined ? [] : [`0x${gpa}`];
                const query = { kind: 'gva', gva: hex(gva), vcpu: 0 } as const;
                const { places, steps } = await agent().request('locate', { vm: String(qemu().pid), query });
                if (steps.some(({ text }) => text.includes('no current value of CR3'))) skip(this, 'this KVM holds no current value of CR3');
                assert.deepEqual(places.map((place) => place.gpa), wanted, `${hex(gva)}: ${said}${JSON.stringify(steps)}`);
                assert.ok(steps.some(({ text }) => text.startsWith(name)));
                found.add(gpa === undefined);
            }
            assert.equal(found.size, 2, 'some are mapped and some are not');
        });
    });
}
