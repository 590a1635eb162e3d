/** What the command line answers to wrong input, beside a running demo VMM; needs /dev/kvm and root. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { ErrorCode } from '../../src/common/errors';
import { guestmem, guestmemError, guestmemWords } from '../support/guestmem';
import { endOf, hex } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('bad input', () => {
    const vmm = suiteVmm(['--slots', '4000']);

    /** Expects an error of this code, in JSON with --json and as text without; VM and PID in `words` stand for the VMM's. */
    function refuses(what: string, words: readonly string[], status: number, code: ErrorCode, message: RegExp): void {
        it(`${what}: exit code ${status}`, async () => {
            const real = words.map((word) => word.replace('VM', vmm().id).replace('PID', String(vmm().report.pid)));
            const error = await guestmemError(real, status);
            assert.equal(error.code, code, error.message);
            assert.match(error.message, message);
            const plain = await guestmem(real);
            assert.equal(plain.code, status);
            assert.equal(plain.stdout, '', 'errors for people go to stderr');
            assert.match(plain.stderr, message);
            assert.doesNotMatch(plain.stderr, /\n\s+at /, 'no stack trace');
        });
    }

    refuses('a pid that does not exist', ['show', '4194303'], 4, 'no-such-process', /\b4194303\b/);
    it('a pid that does not exist: the verb that lists the VMs is named to who types, not to VS Code', async () => {
        const { stderr } = await guestmem(['show', '4194303']);
        assert.match(stderr, /'guestmem vms' prints the list/);
        assert.doesNotMatch((await guestmemError(['show', '4194303'], 4)).message, /'guestmem /);
    });

    refuses('a process that is no VMM', ['show', String(process.pid)], 4, 'not-a-vmm', new RegExp(`\\b${process.pid}\\b`));
    refuses('a process that is no VMM, with an fd', ['map', `${process.pid}:0`], 4, 'not-a-vmm', /no KVM virtual machine/);
    refuses('an fd that is no VM', ['show', 'PID:99'], 4, 'no-such-vm', /\bfd\b/);
    refuses('a VM that is no number', ['show', 'first'], 2, 'usage', /first/);
    refuses('a negative fd', ['show', '1:-1'], 2, 'usage', /1:-1/);
    refuses('an unaligned range', ['map', 'VM', '--range', '0x1001+0x1000'], 2, 'usage', /0x1001/);
    refuses('an unaligned size', ['map', 'VM', '--range', '0x1000+0x10'], 2, 'usage', /0x10\b/);
    refuses('an empty range', ['map', 'VM', '--range', '0x1000+0x0'], 2, 'usage', /0x1000\+0x0/);
    refuses('a range beyond 64 bits', ['map', 'VM', '--range', '0xfffffffffffff000+0x2000'], 2, 'usage', /0xfffffffffffff000/);
    refuses('a range that is none', ['map', 'VM', '--range', 'everything'], 2, 'usage', /everything/);
    refuses('a map outside all memslots', ['map', 'VM', '--range', '0x40000000+0x1000'], 1, 'outside-memslots', /0x40000000/);
    refuses('an address space that is no number', ['map', 'VM', '--address-space', 'smm'], 2, 'usage', /smm/);
    refuses('a read outside all memslots', ['read', 'VM', '0x40000000', '0x10'], 1, 'outside-memslots', /0x40000000/);
    refuses('a read beyond 64 bits', ['read', 'VM', '0xfffffffffffffff0', '0x20'], 2, 'usage', /64 bits/);
    refuses('a read of nothing', ['read', 'VM', '0x1000', '0'], 2, 'usage', /zero/);
    refuses('a conversion of an unaligned range', ['convert', 'VM', '0x10+0x1000', 'private', '--yes'], 2, 'usage', /0x10\b/);
    refuses('a conversion to neither', ['convert', 'VM', '0x1000+0x1000', 'public', '--yes'], 2, 'usage', /public/);
    refuses('a conversion in a VM without private memory', ['convert', 'VM', '0x1000+0x1000', 'private', '--yes'], 1, 'unsupported', /private/);
    refuses('its preview', ['convert', 'VM', '0x1000+0x1000', 'private', '--dry-run'], 1, 'unsupported', /private/);

    it('an unknown verb: exit code 2', async () => {
        const outcome = await guestmem(['frobnicate']);
        assert.equal(outcome.code, 2);
        assert.match(outcome.stderr, /frobnicate/);
    });

    it('an unknown option: exit code 2', async () => {
        assert.equal((await guestmem(['vms', '--frobnicate'])).code, 2);
    });

    it('no verb at all: exit code 2', async () => {
        const outcome = await guestmem([]);
        assert.equal(outcome.code, 2);
        assert.match(outcome.stderr, /--help/);
    });

    it('a VM is left as it was by all of this', async () => {
        const slot = vmm().memslot('anonymous', 1);
        await vmm().write(endOf(slot) - 1n, 0x5a);
        assert.equal((await vmm().read(endOf(slot) - 1n)).value, 0x5a, hex(endOf(slot)));
    });

    it('output that cannot be written: exit code 1 and the reason', async () => {
        const child = spawn('sh', ['-c', 'exec "$@" >/dev/full', 'sh', ...guestmemWords, 'show', vmm().id, '--json'], {
            stdio: ['ignore', 'ignore', 'pipe'],
        });
        const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
        assert.equal(code, 1);
        assert.match(said, /^guestmem: .*ENOSPC.*\n$/, 'one line, no stack trace');
    });

    it('a reader that goes away is no error', async () => {
        for (const [verb, ...rest] of [['show'], ['map'], ['read', '0x100000000', '0x1000000', '--raw'], ['show', '--json']]) {
            const words = [verb ?? '', vmm().id, ...rest];
            const [node = '', ...script] = guestmemWords;
            const child = spawn(node, [...script, ...words]);
            const complaints = text(child.stderr);
            child.stdout.once('data', () => child.stdout.destroy());
            const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
            assert.equal(await complaints, '', words.join(' '));
            assert.ok(code === 0 || signal === 'SIGPIPE', `${words.join(' ')}: ${code ?? signal ?? ''}`);
        }
    });
});
