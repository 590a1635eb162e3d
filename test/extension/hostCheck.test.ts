import assert from 'node:assert/strict';
import type { DoctorCheck } from '../../src/common/model';
import type { GuestmemApi } from '../../src/extension/extension';
import { until } from '../support/until';
import { guestmem, Person, run, setSetting } from './extensionHost';

describe('the host check', () => {
    let api: GuestmemApi;
    let person: Person;

    before(async () => {
        api = await guestmem();
    });
    afterEach(async () => {
        person.leave();
        await setSetting('guestmem.agent.command', undefined);
        await until('the agent works again', async () => {
            await api.store.refresh();
            return api.store.stateOf('').kind === 'ready';
        });
    });

    it('gives every check, and tells all of the one that is picked', async () => {
        person = new Person(undefined, /What this kernel offers/);
        const checks = await run<readonly DoctorCheck[]>('guestmem.host.check');
        await until('it is told', () => person.messages.length > 0);
        const features = checks.find(({ id }) => id === 'kernel-features');
        assert.equal(person.onlyMessage.detail, features?.found);
    });

    it('of an agent that lacks privileges leads to the setting that starts it, not to a terminal', async () => {
        person = new Person(undefined, /Privileges of the agent/);
        // Root without any capability.
        await setSetting('guestmem.agent.command', ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '${node}', '${agent}']);
        await run('guestmem.host.check');
        const told = () => person.messages.filter(({ text }) => text === 'Privileges of the agent');
        await until('it is told', () => told().length > 0);
        const [message] = told();
        assert.match(message?.detail ?? '', /lacks .*cap_bpf[^]*What to do: Let the agent run as root/);
        assert.doesNotMatch(message?.detail ?? '', /sudo guestmem/);
        assert.deepEqual(message?.buttons, ['Copy the sudo Setting', 'Open Setting']);
    });
});
