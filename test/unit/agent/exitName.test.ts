import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { exitName } from '../../../src/agent/details/exitName';

describe('the name of an exit', () => {
    const expected: [number, string | null][] = [
        [0, null],
        [1, 'exception'],
        [2, 'io'],
        [5, 'hlt'],
        [6, 'mmio'],
        [10, 'intr'],
        [17, 'internal-error'],
        [31, 'dirty-ring-full'],
        [38, 'loongarch-iocsr'],
        [39, 'memory-fault'],
        [42, 'snp-req-certs'],
        [43, 'exit-43'],
        [0xffff_ffff, 'exit-4294967295'],
    ];
    for (const [reason, name] of expected) it(`${reason} is ${name ?? 'none'}`, () => assert.equal(exitName(reason), name));

    it('is that of <linux/kvm.h>, as far as this machine has it', () => {
        const header = readFileSync('/usr/include/linux/kvm.h', 'utf8');
        // The reasons stand in one block; flags of single reasons, with the same prefix, stand elsewhere.
        const block = /^#define KVM_EXIT_UNKNOWN .*\n((?:.+\n)+)/m.exec(header)?.[1] ?? '';
        const reasons = [...block.matchAll(/^#define KVM_EXIT_(\w+)\s+(\d+)/gm)];
        assert.ok(reasons.length > 30);
        for (const [, name, number] of reasons) {
            assert.equal(exitName(Number(number)), name?.toLowerCase().replaceAll('_', '-'));
        }
    });
});
