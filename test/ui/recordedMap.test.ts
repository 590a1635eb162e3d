/** A recording on the page map of a running VM: what happened is on the timeline, and the map goes back to before it. */
import { guestmem } from '../support/guestmem';
import assert from 'node:assert/strict';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { suiteWindow } from '../support/vscodeWindow';

describe('the recorded page map in the window', () => {
    const vmm = suiteVmm(['--name', 'recorded', '--rate', '0']);
    const vscode = suiteWindow(() => ({}));
    const map = () => vscode().window.webview();
    const button = (name: string) => map().getByRole('button', { name, exact: true });
    const slider = () => map().getByRole('slider');
    const banner = () => map().locator('.pastBanner', { hasText: 'As it was at' });
    /** What the legend says is allocated and not prepared, once it says so. */
    const allocated = (size = '') => map().locator('.legend .entry', { hasText: 'Allocated, not yet prepared' }).locator('.size', { hasText: size });
    let before = '';
    let after = '';
    /** Pages of a guest_memfd that nobody has used. */
    const fresh = () => {
        const slot = vmm().memslot('guest_memfd');
        return `${hex(startOf(slot) + BigInt(slot.size) - 5n * page)}+${hex(3n * page)}`;
    };
    const change = async (...words: string[]) => {
        const { code, stderr } = await guestmem([...words, fresh(), '--yes']);
        assert.equal(code, 0, stderr);
    };

    it('says what a recording costs before the first one, and shows what then happens on a timeline', async () => {
        const { window, picture } = vscode();
        await window.showContainer('Guestmem');
        await window.vm(vmm().report.pid).click();
        await window.runCommand('Guestmem: Show Page Map');
        await map().getByLabel('Layer').selectOption('guestMemfd');
        await allocated().waitFor();
        before = await allocated().innerText();
        after = `${parseInt(before, 10) + 12} KiB`;
        await picture('map-before-recording');
        await button('Record').click();
        await window.dialogButton('Record').click();
        await map().locator('.timeline').waitFor();
        await change('allocate', vmm().id);
        await map().locator('.rowNames .total', { hasText: /[1-9]\d* events/ }).waitFor();
        await allocated(after).waitFor();
        await picture('map-timeline');
    });

    it('goes back to before the pages were allocated by keyboard, and to now by Escape', async () => {
        await slider().press('Home');
        await banner().waitFor();
        await allocated(before).waitFor();
        assert.equal(await button('Keep').isVisible(), false);
        await vscode().picture('map-of-the-past');
        await slider().press('Escape');
        await banner().waitFor({ state: 'hidden' });
        await allocated(after).waitFor();
    });

    it('goes on with the past after the recording was stopped', async () => {
        await button('Stop Recording').click();
        await button('Record').waitFor();
        await change('punch', vmm().id);
        await allocated(before).waitFor();
        await slider().press('ArrowLeft');
        await banner().waitFor();
        await allocated(after).waitFor();
        await button('Return to Now (Esc)').click();
        await banner().waitFor({ state: 'hidden' });
        await allocated(before).waitFor();
    });

    it('goes from an event to the map as it was then, by menu and by key', async () => {
        const { window, picture } = vscode();
        await window.runCommand('Guestmem: Show Memory Events');
        const events = () => window.webview(1);
        await events().getByRole('button', { name: /^guest_memfd allocated/ }).click();
        const row = events().locator('.rows .row', { hasText: 'guest_memfd allocated' });
        await row.click();
        await events().locator('.row.current').waitFor();
        await events().getByRole('grid').press('Shift+F10');
        await window.chooseInMenu('Show Page Map at This Time');
        await banner().waitFor();
        await allocated(after).waitFor();
        await map().locator('.selected strong', { hasText: fresh() }).waitFor();
        await picture('map-at-an-event');
        await button('Return to Now (Esc)').click();
        await banner().waitFor({ state: 'hidden' });
        await allocated(before).waitFor();
        await row.click();
        await events().getByRole('grid').press('Control+Enter');
        await banner().waitFor();
        await allocated(after).waitFor();
        await slider().press('Escape');
        await banner().waitFor({ state: 'hidden' });
    });

    it('still shows the past of a VM that has ended, and after it that the VM has ended', async () => {
        const ended = map().locator('.notice', { hasText: 'has ended' });
        await vmm().stop();
        await ended.waitFor();
        await slider().press('Home');
        await banner().waitFor();
        await ended.waitFor({ state: 'hidden' });
        await allocated(before).waitFor();
        await slider().press('Escape');
        await banner().waitFor({ state: 'hidden' });
        await ended.waitFor();
    });
});
