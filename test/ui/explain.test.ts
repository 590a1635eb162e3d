/** The hover on an address, and the page that it leads to, as a person sees them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suiteVmm } from '../support/suiteVmm';
import { suiteWindow } from '../support/vscodeWindow';

describe('an address in the window', () => {
    const vmm = suiteVmm(['--name', 'explained', '--rate', '0']);
    const vscode = suiteWindow(
        () => ({}),
        (folder) => writeFileSync(join(folder, 'fault.log'), `MemoryFault { flags: 8, gpa: 4096 }\nram = ${vmm().memslot('memfd').hva}\n`),
    );

    it('is explained by a hover that leads to its page', async () => {
        const { window, picture } = vscode();
        await window.showContainer('Guestmem');
        await window.vm(vmm().report.pid).click();
        await window.rows('Memory Slots', vmm().memslot('memfd').gpa).first().waitFor();
        await window.openFile('fault.log');
        const hover = await window.hover('4096');
        await hover.getByText('An access by the guest reaches the page of the HVA side').waitFor();
        await picture('explain-hover');
        await hover.getByText('Explain', { exact: true }).click();
        const line = (text: string) => window.page.locator('.view-line').filter({ hasText: text }).first();
        await line('GPA 0x1000 in explained').waitFor();
        await line('Owner').waitFor();
        await window.page.locator('.codelens-decoration a', { hasText: 'Read Memory' }).waitFor();
        await picture('explain-page');
        await window.page.locator('.codelens-decoration a', { hasText: 'Show on Map' }).click();
        await window.webview().locator('.selected strong', { hasText: '0x1000+0x1000' }).waitFor();
    });

    it('that is host virtual is led to the guest physical one', async () => {
        const { window, picture } = vscode();
        await window.openFile('fault.log');
        const { hva, gpa } = vmm().memslot('memfd');
        const hover = await window.hover(hva);
        await hover.getByText(`HVA ${hva} is GPA ${gpa}`).first().waitFor();
        await picture('explain-hva');
        assert.ok((await hover.first().innerText()).includes('Memory: memslot'));
    });
});
