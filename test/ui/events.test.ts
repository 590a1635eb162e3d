/** Guest Memory Events of a running VM: recorded, filtered, followed and stopped, by mouse and keyboard. */
import assert from 'node:assert/strict';
import type { MemoryEvent } from '../../src/common/memoryEvents';
import { guestmemJson } from '../support/guestmem';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { suiteWindow } from '../support/vscodeWindow';

describe('the view of memory events in the window', () => {
    const vmm = suiteVmm(['--name', 'eventful', '--rate', '0', '--gmem', '1M']);
    const vscode = suiteWindow(() => ({}));
    const view = () => vscode().window.webview();
    const rows = (text: string | RegExp = '') => view().locator('.rows .row').filter({ hasText: text });
    const button = (name: string) => view().getByRole('button', { name, exact: true });
    /** "Memslot set 2"; other things may happen to the memory of a VM at any time. */
    const chip = (name: string | RegExp) => view().getByRole('group', { name: 'Kinds of events' }).getByRole('button', { name });
    const grid = () => view().getByRole('grid');
    const follows = (does: boolean) => view().locator(`button[aria-pressed=${does}]`, { hasText: 'Follow' }).waitFor();
    const figures = (text: RegExp) => view().locator('.figures', { hasText: text }).waitFor();
    /** Pages of a guest_memfd that nobody has used. */
    const slot = () => vmm().report.memslots.find(({ guestMemfd, size }) => guestMemfd !== null && size === '0x100000') ?? assert.fail('no --gmem');
    const fresh = () => `${hex(startOf(slot()) + 8n * page)}+${hex(4n * page)}`;

    it('says what recording costs before it begins, and asks for leave', async () => {
        const { window, picture } = vscode();
        await window.showContainer('Guestmem');
        await window.vm(vmm().report.pid).click();
        await window.rows('Memory Slots').first().waitFor();
        await window.runCommand('Guestmem: Show Memory Events');
        await view().getByText('Nothing is recorded of eventful').waitFor();
        await view().getByText('0.2 to 0.3 µs longer').waitFor();
        await picture('events-nothing');
        await button('Record Memory Events').click();
        await window.page.locator('.monaco-dialog-box', { hasText: '0.2 to 0.3 µs longer' }).waitFor();
        await picture('events-question');
        await window.dialogButton('Cancel').click();
        await view().getByText('Nothing is recorded of eventful').waitFor();
        await button('Record Memory Events').click();
        await window.dialogButton('Record').click();
        await view().getByRole('status').filter({ hasText: 'Recording' }).waitFor();
    });

    it('lists what happens, as it happens', async () => {
        await vmm().setDirtyLogging(vmm().memslot('anonymous').id, true);
        await vmm().setDirtyLogging(vmm().memslot('anonymous').id, false);
        await rows('log-dirty-pages').first().waitFor();
        await guestmemJson(['allocate', vmm().id, fresh(), '--yes']);
        await guestmemJson(['punch', vmm().id, fresh(), '--yes']);
        await rows('guest_memfd punched').first().waitFor();
        await chip('guest_memfd punched').waitFor();
        await vscode().picture('events');
    });

    it('shows one kind alone, and all that happened in a range', async () => {
        await chip('Memslot set').click();
        await figures(/^2 (of|events)/);
        await rows('Memslot set').nth(1).waitFor();
        await rows().filter({ hasNotText: 'Memslot set' }).first().waitFor({ state: 'detached' });
        await chip('Memslot set').click();
        const where = view().getByLabel('Where in guest memory');
        const { gpa, size } = slot();
        await where.selectOption(`${gpa}+${size}`);
        await chip('Memslot set').waitFor({ state: 'hidden' });
        for (const counted of [/^guest_memfd allocated 1$/, /^Page added 4$/, /^guest_memfd punched 1$/, /^Page removed 4$/]) await chip(counted).waitFor();
        await grid().press('Home');
        await rows('guest_memfd allocated').waitFor();
    });

    it('leaves the newest events when one scrolls up, and returns to them', async () => {
        await view().getByLabel('Where in guest memory').selectOption('anywhere');
        await follows(false);
        await rows('log-dirty-pages').waitFor();
        await button('Follow').click();
        await rows('guest_memfd punched').waitFor();
        await rows('log-dirty-pages').waitFor({ state: 'detached' });
        await vmm().setDirtyLogging(vmm().memslot('anonymous').id, true);
        await rows('log-dirty-pages').waitFor();
        await follows(true);
    });

    it('offers in the menu of a row what can be done with it, and copies it as JSON', async () => {
        const { window, picture } = vscode();
        await rows('log-dirty-pages').click();
        await view().locator('.row.current', { hasText: 'log-dirty-pages' }).waitFor();
        await grid().press('Shift+F10');
        const menu = window.page.locator('.monaco-menu');
        await menu.getByRole('menuitem', { name: 'Copy Event as JSON' }).waitFor();
        for (const name of ['Show Page Map', 'Show Page Map at This Time', 'Explain Address…', 'Show Only Events of This Range', 'Show Only Events of This Kind']) {
            assert.equal(await menu.getByRole('menuitem', { name, exact: true }).count(), 1, name);
        }
        await picture('events-menu');
        await window.chooseInMenu('Copy Event as JSON');
        const copied = JSON.parse(await window.copiedText(/^{/)) as MemoryEvent;
        assert(copied.kind === 'memslot');
        assert.deepEqual([copied.memslot, copied.flags, copied.thread], [vmm().memslot('anonymous').id, ['log-dirty-pages'], vmm().report.pid]);
    });

    it('keeps its filter through a reload of the window, says that the recording is gone with its agent, and records anew', async () => {
        const { window } = vscode();
        await chip('guest_memfd punched').click();
        await window.reload();
        await view().getByText('Nothing is recorded of eventful').waitFor();
        await button('Record Memory Events').click();
        await view().getByRole('status').filter({ hasText: 'Recording' }).waitFor();
        assert.equal(await chip('guest_memfd punched').getAttribute('aria-pressed'), 'true');
        await chip('guest_memfd punched').click();
    });

    it('leads from an event to its place on the map', async () => {
        await guestmemJson(['allocate', vmm().id, fresh(), '--yes']);
        await rows('guest_memfd allocated').dblclick();
        const map = vscode().window.webview(1);
        await map.locator('.selected strong', { hasText: fresh() }).waitFor();
        // The map tells of its selection a moment after it was made.
        const typed = view().getByLabel('Show only events at an address');
        for (const deadline = Date.now() + 30_000; (await typed.inputValue()) !== fresh() && Date.now() < deadline; ) {
            await view().getByLabel('Where in guest memory').selectOption('selection');
            await vscode().window.page.waitForTimeout(200);
        }
        assert.equal(await typed.inputValue(), fresh());
        await figures(/^5 (of|events)/);
    });

    it('stops, keeps what was recorded, and tells of the end of the VM', async () => {
        const { window, picture } = vscode();
        await window.runCommand('Guestmem: Stop Recording Memory Events');
        await view().getByRole('status').filter({ hasText: 'Stopped' }).waitFor();
        await window.page.getByRole('button', { name: 'Recording events' }).waitFor({ state: 'detached' });
        await vmm().setDirtyLogging(vmm().memslot('anonymous').id, false);
        await rows('guest_memfd allocated').waitFor();
        await vmm().stop();
        await view().locator('.notice', { hasText: 'has ended' }).waitFor();
        await rows('guest_memfd allocated').waitFor();
        await picture('events-ended');
    });
});
