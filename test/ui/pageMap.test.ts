/** From the side bar to the page map, as a person goes: what the map says equals what the command line says. */
import assert from 'node:assert/strict';
import { formatSize } from '../../src/common/address';
import type { PageMap, PageRun } from '../../src/common/model';
import { guestmemJson } from '../support/guestmem';
import { hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { suiteWindow } from '../support/vscodeWindow';

/** The tooltip's lines about a page's state, from the command line's own words. */
function linesOf(run: PageRun): Record<string, string> {
    const { hvaBacking: hva } = run;
    const mapped = hva.state === 'present' ? `, ${hva.mapped ? 'mapped' : 'not mapped'} by the VMM` : '';
    const pageSize = hva.state === 'present' && hva.pageSize !== null ? `, ${hva.pageSize} pages` : '';
    return {
        Attribute: `${run.attribute} (scope: ${run.scope})`,
        'HVA side': (hva.state === 'zero' ? 'zero page' : (hva.state ?? 'unknown')) + mapped + pageSize,
        'guest_memfd side': run.gmemBacking.state ?? 'unknown',
        Run: `${run.gpa}+${run.size} (${formatSize(BigInt(run.size))})`,
    };
}

describe('the page map in the window', () => {
    const vmm = suiteVmm(['--name', 'pictured']);
    const vscode = suiteWindow(() => ({}));
    const map = () => vscode().window.webview();
    const tooltip = () => map().locator('.tooltip');

    async function tooltipLines(): Promise<Record<string, string>> {
        await tooltip().waitFor();
        const labels = await tooltip().locator('dt').allTextContents();
        const texts = await tooltip().locator('dd').allTextContents();
        return Object.fromEntries(labels.map((label, i) => [label, texts[i] ?? '']));
    }

    async function goTo(text: string): Promise<void> {
        await map().locator('.goTo input').fill(text);
        await map().locator('.goTo input').press('Enter');
    }

    it('opens from a memslot in the side bar, with the slot selected', async () => {
        const { window } = vscode();
        await window.showContainer('Guestmem');
        await window.rows('Virtual Machines', 'pictured').click();
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
            const { Attribute, Run, ...rest } = shown;
            assert.deepEqual({ Attribute, 'HVA side': rest['HVA side'], 'guest_memfd side': rest['guest_memfd side'], Run }, linesOf(run), `${kind} at ${gpa}`);
        }
    });
});
