import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { GuestmemApi } from '../../src/extension/extension';
import { pageMapViewType } from '../../src/common/manifest';
import { DemoVmm } from '../support/demoVmm';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { guestmem, Person, refOf, run } from './extensionHost';

/** Tabs that hold the page map; VS Code puts a prefix before the view type. */
const mapTabs = () =>
    vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(pageMapViewType));

describe('page map', () => {
    const vmm = suiteVmm(['--name', 'mapped']);
    let api: GuestmemApi;
    let person: Person;

    before(async () => {
        api = await guestmem();
    });
    beforeEach(() => (person = new Person()));
    afterEach(async () => {
        person.leave();
        await vscode.window.tabGroups.close(mapTabs());
    });

    it('opens once, named after the VM', async () => {
        await run('guestmem.map.show', { vm: refOf(vmm()) });
        assert.deepEqual(person.messages, []);
        await run('guestmem.map.show', { vm: refOf(vmm()), range: { gpa: '0x100000', size: '0x1000' } });
        await until('the map is there', () => mapTabs()[0]?.label === `Page Map: mapped (${vmm().id})`);
        assert.equal(mapTabs().length, 1);
        assert.deepEqual(person.messages, []);
    });

    it('makes the VM that it is opened for the active one', async () => {
        const other = await DemoVmm.start(['--name', 'other']);
        try {
            await run('guestmem.map.show', { vm: refOf(other) });
            assert.equal(api.store.active?.ref.id, other.id);
            // VS Code tells of a new tab a little later: the next test must not meet it.
            await until('the map is there', () => mapTabs().length === 1);
        } finally {
            await other.stop();
        }
    });

    it('of a VM that does not exist is refused with what can be done', async () => {
        await run('guestmem.map.show', { vm: { place: '', id: '1:3' } });
        assert.deepEqual(person.onlyMessage.buttons, ['Select Another']);
        assert.deepEqual(mapTabs(), []);
    });
});
