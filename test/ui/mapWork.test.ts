/** Working on the map of a running VM: its legend, its table, its menu, keeping a state and comparing with it, by mouse and keyboard. */
import assert from 'node:assert/strict';
import { guestmem } from '../support/guestmem';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { suiteWindow } from '../support/vscodeWindow';

describe('work on the page map in the window', () => {
    const vmm = suiteVmm(['--name', 'worked', '--rate', '0']);
    const vscode = suiteWindow(() => ({}));
    const map = () => vscode().window.webview();
    const button = (name: string) => map().getByRole('button', { name, exact: true });
    const grid = () => map().getByRole('grid');
    const rows = () => map().locator('.rows .row');
    const selected = (text: string) => map().locator('.selected strong', { hasText: text }).waitFor();
    /** Pages of a guest_memfd that nobody has used. */
    const fresh = () => {
        const slot = vmm().memslot('guest_memfd');
        return `${hex(startOf(slot) + BigInt(slot.size) - 5n * page)}+${hex(3n * page)}`;
    };

    it('goes to a slot that is suggested, and says which slots are near one that is not there', async () => {
        const { window } = vscode();
        await window.showContainer('Guestmem');
        await window.vm(vmm().report.pid).click();
        await window.runCommand('Guestmem: Show Page Map');
        await map().locator('.legend .entry').first().waitFor();
        const slot = vmm().memslot('memfd');
        const input = map().locator('.goTo input');
        await input.fill(`slot ${slot.id}`);
        await map().getByRole('option', { name: slot.gpa }).waitFor();
        await input.press('ArrowDown');
        await input.press('Enter');
        await selected(`${slot.gpa}+${slot.size}`);
        await input.fill('slot 999');
        await input.press('Enter');
        await map().getByRole('alert').filter({ hasText: 'There is no slot 999; the nearest are' }).waitFor();
        await input.press('Escape');
    });

    it('compares a state that was kept with what is now, and shows exactly what was allocated', async () => {
        const { window, picture } = vscode();
        await button('Keep').click();
        const { code, stderr } = await guestmem(['allocate', vmm().id, fresh(), '--yes']);
        assert.equal(code, 0, stderr);
        // What is kept is in the list as soon as the agent holds it.
        const kept = window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'the state of' });
        for (let attempt = 0; attempt < 20 && (await kept.count()) === 0; attempt++) {
            await window.page.keyboard.press('Escape');
            await button('Compare…').click();
            await kept.waitFor({ timeout: 3000 }).catch(() => undefined);
        }
        await kept.click();
        await map().locator('.comparison', { hasText: 'What differs now from the state of' }).waitFor();
        const allocated = map().locator('.legend .entry', { hasText: 'Allocated' });
        await allocated.filter({ hasText: '12 KiB' }).waitFor();
        await button('Next: Allocated').click();
        await selected(fresh());
        await picture('map-comparison');
        await allocated.click();
    });

    it('lists the same run in the table, with what it was before, and opens it on the map', async () => {
        await button('Show the runs of pages as a table (T)').click();
        await until('that run is listed, and no other', async () => (await rows().count()) === 1);
        const gpa = fresh().split('+')[0] ?? '';
        const cells = await rows().first().getByRole('gridcell').allTextContents();
        assert.deepEqual(cells.slice(0, 2), [gpa, '12 KiB']);
        assert.ok(cells.some((words) => words.startsWith('no page → allocated')), cells.join('; '));
        assert.equal(await grid().getAttribute('aria-rowcount'), '2');
        await vscode().picture('map-comparison-table');
        await grid().press('Enter');
        await map().locator('.scroller[role=application]').waitFor();
        await selected(fresh());
        await button('End Comparison').click();
        await map().locator('.comparison').waitFor({ state: 'hidden' });
        await map().locator('.legend .entry', { hasText: 'Shared' }).first().waitFor();
    });

    it('sorts and filters the table, and offers in the menu of a row what is possible there', async () => {
        const { window, picture } = vscode();
        await button('Show the runs of pages as a table (T)').click();
        await grid().getByRole('button', { name: 'Size' }).click();
        await grid().getByRole('button', { name: 'Size' }).click();
        await map().locator('[role=columnheader][aria-sort=descending]', { hasText: 'Size' }).waitFor();
        const slot = vmm().memslot('guest_memfd');
        await map().locator('.filter input').fill(`slot ${slot.id}`);
        const summary = map().locator('.summary');
        await summary.filter({ hasText: '128 KiB' }).waitFor();
        await rows().first().waitFor();
        await grid().press('End');
        await grid().press('Home');
        await grid().press('Shift+F10');
        const menu = window.page.locator('.monaco-menu');
        await menu.getByRole('menuitem', { name: 'Copy Address' }).waitFor();
        const isDisabled = (name: string) => menu.locator('.action-item.disabled', { hasText: name }).count();
        assert.equal(await isDisabled('Convert to Private'), 1, 'the VM has no private memory');
        assert.equal(await isDisabled('Give guest_memfd Pages Back'), 0);
        await picture('map-table-menu');
        await window.chooseInMenu('Copy Address');
        await selected(await window.copiedText(/^0x[0-9a-f]+(\+0x[0-9a-f]+)?$/));
    });

    it('keeps table, filter, order and pause through a reload of the window', async () => {
        const { window } = vscode();
        const slot = vmm().memslot('guest_memfd');
        const resume = button('Resume');
        await button('Pause').click();
        await resume.waitFor();
        await window.reload();
        await map().locator('.summary', { hasText: '128 KiB' }).waitFor();
        assert.equal(await map().locator('.filter input').inputValue(), `slot ${slot.id}`);
        await map().locator('[role=columnheader][aria-sort=descending]', { hasText: 'Size' }).waitFor();
        await resume.click();
        await button('Pause').waitFor();
    });
});
