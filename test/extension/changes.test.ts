import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AnyChangeReport } from '../../src/common/change';
import type { GuestmemApi } from '../../src/extension/extension';
import { suiteVmm } from '../support/suiteVmm';
import { guestmem, Person, refOf, run, setSetting } from './extensionHost';

describe('changes beside conversion', () => {
    const vmm = suiteVmm();
    let api: GuestmemApi;
    let person: Person | undefined;

    before(async () => {
        api = await guestmem();
        await api.store.activate(refOf(vmm()));
        await setSetting('guestmem.allowChanges', true);
        await run('guestmem.changes.unlock');
    });
    afterEach(() => person?.leave());
    after(() => setSetting('guestmem.allowChanges', undefined));

    const target = () => {
        const { gpa, size } = vmm().memslot('guest_memfd');
        return { vm: refOf(vmm()), range: { gpa, size } };
    };
    const agree = (answer: string) => new Person((message) => (message.buttons.includes(answer) ? answer : undefined));

    it('happen after a preview that was agreed to, and can be undone', async () => {
        person = agree('Allocate');
        const report = await run<AnyChangeReport>('guestmem.memory.allocate', target());
        assert.ok(report.pagesChanged > 0);
        assert.equal(report.dryRun, false);
        assert.match(person.messages[0]?.detail ?? '', /Changes: .*How: .*Undo: .*⚠/s);
        person.leave();

        person = agree('Undo');
        const undone = await run<AnyChangeReport>('guestmem.changes.undo', { vm: refOf(vmm()) });
        assert.deepEqual([undone.change, undone.pagesChanged], ['punch', report.pagesChanged]);
    });

    it('do not happen when the preview is turned down', async () => {
        person = new Person();
        assert.equal(await run('guestmem.memory.punch', target()), undefined);
        assert.equal(person.messages.length, 1);
        assert.match(person.onlyMessage.text, /^Give the guest_memfd pages of .* back to the host/);
    });

    it('are told in the record', async () => {
        await run('guestmem.changes.show', { vm: refOf(vmm()) });
        const text = vscode.window.activeTextEditor?.document.getText() ?? '';
        assert.match(text, /punch 0x.*done.*\n.*allocate 0x.*done/);
    });
});
