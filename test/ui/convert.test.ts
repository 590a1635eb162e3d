/**
 * The main job, end to end: the window runs here, the agent and the VM in an emulated machine whose KVM has private
 * memory. Side bar → VM → memslot → map → select → Convert to Private → the map changes; and back.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoProgram, type DemoReport } from '../support/demoVmm';
import { NestedMachine } from '../support/nestedMachine';
import { hex, page, startOf } from '../support/pages';
import { skip } from '../support/skip';
import { until } from '../support/until';
import { suiteWindow } from '../support/vscodeWindow';

const place = 'emulated machine';
/** Milliseconds: the emulated machine shares this one's processors with the window. */
const patience = 240_000;

describe('converting in the window', function () {
    this.timeout(patience);
    let machine: NestedMachine | undefined;
    let report: DemoReport;

    before('boot a machine whose KVM has private memory', async function () {
        const kernel = process.env['GUESTMEM_TEST_KERNEL'];
        if (kernel === undefined) skip(this, 'needs a kernel whose KVM has private memory: set GUESTMEM_TEST_KERNEL');
        const vmm = `${demoProgram} --type sw-protected --rate 0 --name inside`;
        machine = new NestedMachine({ kernel, command: `${vmm} >/out/report & sh scripts/nested/serveAgent.sh` });
        await machine.agentReady();
    });
    after('end the machine', () => machine?.close());

    const vscode = suiteWindow(() => ({
        'guestmem.allowChanges': true,
        'guestmem.places': { [place]: ['${node}', resolve('scripts/nested/relay.mjs'), machine?.agentSocket] },
    }));
    const map = () => vscode().window.webview();
    const attribute = () => map().locator('.tooltip dt', { hasText: 'Attribute' }).locator('+ dd');
    const slot = () => {
        const found = report.memslots.filter(({ kind }) => kind === 'guest_memfd')[1];
        assert(found !== undefined);
        return found;
    };
    /** Pages that the VMM has not made private itself. */
    const range = () => ({ start: startOf(slot()) + 4n * page, size: 2n * page });
    const written = () => `${hex(range().start)}+${hex(range().size)}`;

    async function convert(to: 'Private' | 'Shared', picture?: string): Promise<void> {
        const { window } = vscode();
        await map().locator('.goTo input').fill(written());
        await map().locator('.goTo input').press('Enter');
        await map().locator('.selected strong', { hasText: written() }).waitFor();
        await map().getByRole('button', { name: `Convert to ${to}…` }).click();
        const agree = window.dialogButton(`Convert to ${to}`);
        await agree.waitFor();
        const words = await window.page.locator('.monaco-dialog-box').innerText();
        assert.ok(words.includes(written()) && words.includes('2 pages (8 KiB)'), words);
        if (picture !== undefined) await vscode().picture(picture);
        await agree.click();
    }

    it('opens the map of a VM in another place', async () => {
        const { window, picture } = vscode();
        window.page.setDefaultTimeout(patience);
        await window.showContainer('Guestmem');
        await window.rows('Virtual Machines', 'inside').click();
        // The VMM tells of itself some time after its VM is there.
        const told = () => readFileSync(join(machine?.out ?? '', 'report'), 'utf8').split('\n');
        await until('the VMM has told of itself', () => told().length > 1);
        report = JSON.parse(told()[0] ?? '') as DemoReport;
        await window.rows('Memory Slots', slot().gpa).first().click();
        await map().locator('.selected strong', { hasText: `${slot().gpa}+${slot().size}` }).waitFor();
        await picture('map-private-memory');
    });

    it('makes pages private after a preview, and the map shows it', async () => {
        await vscode().window.runCommand('Guestmem: Unlock Changes in This Window');
        await convert('Private', 'conversion-preview');
        await map().locator('.selected .part', { hasText: /^Private.* 8 KiB$/ }).waitFor();
        await map().locator('.goTo input').fill(hex(range().start));
        await map().locator('.goTo input').press('Enter');
        await attribute().filter({ hasText: 'private, decided by the VM' }).waitFor();
        await vscode().picture('converted');
    });

    it('makes them shared again', async () => {
        await convert('Shared');
        await map().locator('.selected .part', { hasText: /^Shared.* 8 KiB$/ }).waitFor();
    });
});
