/** What people see of a verifier's log: its end, without kernel addresses. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

const program = 'out/native/verifier_log';
const logEnd = (log: string) => execFileSync(program, { input: log, encoding: 'utf8' });

describe("the end of a verifier's log", () => {
    before(() => {
        mkdirSync('out/native', { recursive: true });
        const sources = ['test/native/fixtures/verifier_log.cc', 'native/src/bpf/verifier_log.cc'];
        execFileSync('g++', ['-std=c++17', '-Inative/src', ...sources, '-o', program]);
    });

    const check = (name: string, log: string, expected: string) => it(name, () => assert.equal(logEnd(log), expected));

    check('is the whole of a short one', '1: (bf) r1 = r10\nR2 invalid mem access', '1: (bf) r1 = r10\nR2 invalid mem access');
    check('has no address', 'R8=0xffffffff81283cc0 R1=fp0\n', 'R8=0x(address) R1=fp0\n');
    check('has no address written in decimal', 'R8=-2128069440 R9=18446744071581474816', 'R8=-(address) R9=(address)');
    check('keeps offsets and counts', 'map_value(ks=4,vs=88) var_off=(0x0; 0xffffffff) processed 1000001 insns', 'map_value(ks=4,vs=88) var_off=(0x0; 0xffffffff) processed 1000001 insns');
    check('is empty of an empty one', '', '');

    it('begins with a whole line, so that no address is cut and kept', () => {
        const line = `R8=0xffffffff81283cc0 ${'.'.repeat(60)}\n`;
        for (let shift = 0; shift < line.length; shift++) {
            const end = logEnd('x'.repeat(shift) + line.repeat(100));
            assert.ok(end.length > 1000 && end.length <= 2000);
            assert.equal(end.replaceAll(`R8=0x(address) ${'.'.repeat(60)}\n`, ''), '');
        }
    });
});
