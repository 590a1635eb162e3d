/** From the side bar to the page map, as a person goes: what the map says equals what the command line says. */
import assert from 'node:assert/strict';
import type { PageMap, VmDetails } from '../../src/common/model';
import { pageFacts } from '../../src/common/pageFacts';
import { guestmemJson } from '../support/guestmem';
import { DemoVmm } from '../support/demoVmm';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { suiteWindow } from '../support/vscodeWindow';

describe('the page map in the window', () => {
    const vmm = suiteVmm(['--name', 'pictured']);
    const vscode = suiteWindow(() => ({}));
    const map = () => vscode().window.webview();
    const tooltip = () => map().locator('.tooltip');

    async function tooltipLines(): Promise<Record<string, string>> {
        // What the agent says of the address comes last.
        await tooltip().locator('dt').filter({ hasText: /^HVA$/ }).waitFor();
        // All at one moment: a refresh of the map writes them anew.
        const lines = await tooltip().locator('dt').evaluateAll((labels) => labels.map((label) => [label.textContent, label.nextElementSibling?.textContent ?? '']));
        return Object.fromEntries(lines) as Record<string, string>;
    }

    async function goTo(text: string): Promise<void> {
        await map().locator('.goTo input').fill(text);
        await map().locator('.goTo input').press('Enter');
    }

    it('opens from a memslot in the side bar, with the slot selected', async () => {
        const { window } = vscode();
        await window.showContainer('Guestmem');
        await window.vm(vmm().report.pid).click();
        const slot = vmm().memslot('memfd');
        await window.rows('Memory Slots', slot.gpa).first().click();
        await map().locator('.selected strong', { hasText: `${slot.gpa}+${slot.size}` }).waitFor();
        await vscode().picture('map');
    });

    it('says of a page what the command line says', async () => {
        for (const kind of ['anonymous', 'memfd', 'read-only', 'guest_memfd'] as const) {
            const gpa = hex(startOf(vmm().memslot(kind)) + 3n * page);
            await goTo(gpa);
            await map().locator('.tooltip .title', { hasText: gpa }).waitFor();
            const shown = await tooltipLines();
            const { runs } = await guestmemJson<PageMap>(['map', vmm().id]);
            const run = runs.find((one) => BigInt(one.gpa) <= BigInt(gpa) && BigInt(gpa) < BigInt(one.gpa) + BigInt(one.size));
            assert(run !== undefined);
            const { addressSpaces } = await guestmemJson<VmDetails>(['show', vmm().id]);
            const slot = addressSpaces[0]?.memslots.find(({ id }) => id === run.memslot) ?? null;
            for (const [label, words] of pageFacts(run, slot, false)) assert.equal(shown[label], words, `${label} of ${kind} at ${gpa}`);
            assert.equal(shown['Changed since'], undefined);
        }
    });

    it('of a VM that has ended says so, as the views do, and offers what is left to do', async () => {
        const { window, picture } = vscode();
        const victim = await DemoVmm.start(['--name', 'victim']);
        try {
            await window.runCommand('Guestmem: Select Virtual Machine');
            await window.answer(`pid ${victim.report.pid}`);
            await map().locator('.toolbar h1', { hasText: victim.id }).waitFor();
        } finally {
            await victim.stop();
        }
        await map().locator('.notice', { hasText: 'has ended' }).waitFor();
        for (const view of ['Memory Slots', 'guest_memfds']) {
            await window.view(view).getByText('has ended').waitFor();
        }
        await picture('map-stale');
        await map().getByRole('button', { name: 'Select Another' }).click();
        await window.answer(`pid ${vmm().report.pid}`);
        await map().locator('.toolbar h1', { hasText: vmm().id }).waitFor();
        await map().locator('.notice', { hasText: 'has ended' }).waitFor({ state: 'hidden' });
    });
});
