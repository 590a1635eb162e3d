import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { GuestmemApi } from '../../src/extension/extension';
import { suiteVmm } from '../support/suiteVmm';
import { guestmem, Person, refOf, run, setSetting } from './extensionHost';

describe('untrusted workspace', () => {
    const vmm = suiteVmm();
    let api: GuestmemApi;
    let person: Person;
    let folder: string;

    before(async () => {
        assert.equal(vscode.workspace.isTrusted, false);
        folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
        const settings = {
            'guestmem.agent.command': ['touch', join(folder, 'started')],
            'guestmem.places': { evil: ['touch', join(folder, 'started')] },
            'guestmem.allowChanges': true,
        };
        mkdirSync(join(folder, '.vscode'), { recursive: true });
        writeFileSync(join(folder, '.vscode/settings.json'), JSON.stringify(settings));
        // VS Code watches the folder; nothing announces that a setting was ignored.
        await sleep(2000);
        api = await guestmem();
        await api.store.activate(refOf(vmm()));
    });
    beforeEach(() => (person = new Person()));
    afterEach(async () => {
        person.leave();
        await setSetting('guestmem.allowChanges', undefined);
    });

    it('shows VMs through the agent of the user, not through a command of the workspace', () => {
        assert.equal(api.store.active?.ref.id, vmm().id);
        assert.deepEqual(api.trees.vms.getChildren().map(({ kind }) => kind).filter((kind) => kind === 'place'), []);
        assert.equal(existsSync(join(folder, 'started')), false);
    });

    it('permits no change, even when the user permits changes elsewhere', async () => {
        await setSetting('guestmem.allowChanges', true);
        const { gpa } = vmm().memslot('anonymous');
        await run('guestmem.memory.convertToPrivate', { vm: refOf(vmm()), range: { gpa, size: '0x1000' } });
        assert.match(person.onlyMessage.text, /this workspace is not trusted/);
    });

    it('cannot be unlocked', async () => {
        await setSetting('guestmem.allowChanges', true);
        await run('guestmem.changes.unlock');
        assert.match(person.onlyMessage.text, /This window stays locked/);
    });
});
