/**
 * A kernel that is locked down to keep its memory confidential. The mode can be raised while the kernel runs, but never
 * lowered: these tests run last.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { DoctorReport } from '../../src/common/model';
import { guestmemError, guestmemJson } from '../support/guestmem';
import { suiteAgent } from '../support/suiteAgent';
import { suiteVmm } from '../support/suiteVmm';

const setMode = (mode: string) => writeFileSync('/sys/kernel/security/lockdown', mode);

describe('lockdown', () => {
    const vmm = suiteVmm();

    const agent = suiteAgent();

    it('in mode integrity changes nothing for Guestmem', async () => {
        setMode('integrity');
        const { addressSpaces } = await agent().request('show', { vm: vmm().id });
        assert.equal(addressSpaces[0]?.memslots.filter(({ internal }) => !internal).length, vmm().report.memslots.length);
    });

    it('in mode confidentiality is named as the reason of a refusal, with the way out', async () => {
        setMode('confidentiality');
        const { code, message } = await guestmemError(['map', vmm().id], 3);
        assert.equal(code, 'not-permitted');
        assert.match(message, /lockdown.*confidentiality.*integrity/);
    });

    it('in mode confidentiality is what the doctor finds', async () => {
        const { checks, ok } = await guestmemJson<DoctorReport>(['doctor']);
        assert.equal(ok, false);
        assert.deepEqual(checks.filter((check) => !check.ok).map(({ id }) => id), ['bpf', 'lockdown']);
        for (const { fix } of checks.filter((check) => !check.ok)) assert.match(fix ?? '', /lockdown=confidentiality/);
    });
});
