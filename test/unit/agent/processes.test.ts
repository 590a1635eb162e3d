import assert from 'node:assert/strict';
import { wholeCommand } from '../../../src/agent/discovery/processes';

describe('the name of a command', () => {
    it('is whole where the kernel cut it', () => {
        assert.equal(wholeCommand('qemu-system-x86', '/usr/bin/qemu-system-x86_64'), 'qemu-system-x86_64');
        assert.equal(wholeCommand('qemu-system-x86', 'qemu-system-x86_64'), 'qemu-system-x86_64');
    });

    it('is the one that the process gave itself', () => {
        assert.equal(wholeCommand('vm1', '/usr/bin/qemu-system-x86_64'), 'vm1');
        assert.equal(wholeCommand('fifteen-letters', '/usr/bin/qemu-system-x86_64'), 'fifteen-letters');
        assert.equal(wholeCommand('qemu', '/usr/bin/qemu-system-x86_64'), 'qemu');
        assert.equal(wholeCommand('qemu-system-x86', ''), 'qemu-system-x86');
    });

    it('is no longer than the name of a file', () => {
        assert.equal(wholeCommand('a'.repeat(15), 'a'.repeat(1 << 20)).length, 255);
    });
});
