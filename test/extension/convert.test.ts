import assert from 'node:assert/strict';
import type { GuestmemApi } from '../../src/extension/extension';
import { suiteVmm } from '../support/suiteVmm';
import { guestmem, Person, refOf, run, setSetting } from './extensionHost';

describe('conversion', () => {
    const vmm = suiteVmm();
    let api: GuestmemApi;
    let person: Person | undefined;

    before(async () => {
        api = await guestmem();
        await api.store.activate(refOf(vmm()));
    });
    afterEach(async () => {
        person?.leave();
        await setSetting('guestmem.allowChanges', undefined);
    });

    const convert = () => {
        const { gpa } = vmm().memslot('anonymous');
        return run('guestmem.memory.convertToPrivate', { vm: refOf(vmm()), range: { gpa, size: '0x1000' } });
    };

    it('is refused while the setting is off, with a button that opens it', async () => {
        person = new Person();
        await convert();
        assert.match(person.onlyMessage.text, /guestmem\.allowChanges is off/);
        assert.deepEqual(person.onlyMessage.buttons, ['Open Setting']);
    });

    it('is refused while the window is locked, with a button that unlocks it', async () => {
        await setSetting('guestmem.allowChanges', true);
        person = new Person();
        await convert();
        assert.match(person.onlyMessage.text, /this window is locked/);
        assert.deepEqual(person.onlyMessage.buttons, ['Unlock Changes']);
    });

    it('of a VM without private memory is refused with the reason', async () => {
        await setSetting('guestmem.allowChanges', true);
        person = new Person((message) => (message.buttons.includes('Unlock Changes') ? 'Unlock Changes' : undefined));
        await convert();
        const refusal = person.messages.at(-1);
        assert.equal(refusal?.kind, 'error');
        assert.match(refusal.text, /private/);
        assert.ok(person.messages.every(({ detail }) => detail === undefined), 'no preview was shown');
    });

    it('locks again when the setting goes off', async () => {
        await setSetting('guestmem.allowChanges', true);
        person = new Person();
        await run('guestmem.changes.unlock');
        assert.deepEqual(person.messages, []);
        await setSetting('guestmem.allowChanges', undefined);
        await setSetting('guestmem.allowChanges', true);
        await convert();
        assert.match(person.onlyMessage.text, /this window is locked/);
    });

    it('refuses a range that is not of whole pages', async () => {
        await setSetting('guestmem.allowChanges', true);
        person = new Person();
        await run('guestmem.changes.unlock');
        await run('guestmem.memory.convertToShared', { vm: refOf(vmm()), range: { gpa: '0x1001', size: '0x1000' } });
        assert.match(person.onlyMessage.text, /multiples of the page size/);
    });
});
