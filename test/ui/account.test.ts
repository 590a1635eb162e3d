/** The page of a VM's account, as a person gets there: what it says equals what the command line says. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { formatSize } from '../../src/common/address';
import { accountSentence, bytesOf, partTexts } from '../../src/common/accountWords';
import type { AccountEntry, MemoryAccount } from '../../src/common/memoryAccount';
import { writeAtHva } from '../support/doubleBacked';
import { DemoVmm } from '../support/demoVmm';
import { guestmemJson } from '../support/guestmem';
import { page as pageSize } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';
import { suiteWindow } from '../support/vscodeWindow';

describe('the account of a VM’s memory in the window', () => {
    const vmm = suiteVmm(['--name', 'accounted', '--memory', '32M', '--gmem', '16M', '--populate']);
    const vscode = suiteWindow(() => ({}));
    const page = () => vscode().window.webview();

    /** The page follows the VM, whose own memory may move by a page at any time: soon both say the same. */
    async function saysWhatTheCommandLineSays(): Promise<void> {
        const shown = async () => ({
            sentence: await page().locator('.sentence').textContent(),
            parts: await page().locator('table.parts tbody tr:not(.sum)').evaluateAll((rows) =>
                rows.map((row) => [row.querySelector('.name')?.textContent, row.querySelector('td')?.textContent]),
            ),
        });
        const told = async () => {
            const account = await guestmemJson<MemoryAccount>(['account', vmm().id]);
            const parts = account.entries.filter((entry) => bytesOf(entry.bytes) > 0n);
            const sizeOf = ({ bytes, exact }: AccountEntry) => (exact ? '' : 'about ') + formatSize(bytesOf(bytes));
            return { sentence: accountSentence(account), parts: parts.map((entry) => [partTexts[entry.part].label, sizeOf(entry)]) };
        };
        const both = async () => [await shown(), await told()] as const;
        let [seen, said] = await both();
        for (let tries = 1; tries < 40 && !isDeepStrictEqual(seen, said); tries++) {
            await sleep(500);
            [seen, said] = await both();
        }
        assert.deepEqual(seen, said);
    }

    before('stop the guest, and give a part of the guest_memfd a second copy', async () => {
        await vmm().setPaused(true);
        const slot = vmm().report.memslots.find(({ size, guestMemfd }) => guestMemfd !== null && size === '0x1000000');
        const doubled = slot === undefined ? 0n : 2048n;
        for (let index = 0n; index < doubled; index++) writeAtHva(vmm().report.pid, BigInt(slot?.hva ?? 0) + index * pageSize, 0x22);
    });

    it('opens from the VM in the side bar, and explains the memory in one look', async () => {
        const { window, picture } = vscode();
        await window.showContainer('Guestmem');
        await window.vm(vmm().report.pid).click();
        await window.runCommand('Guestmem: Show Memory Accounting');
        await page().locator('table.parts').waitFor();
        await saysWhatTheCommandLineSays();
        assert.equal(await page().locator('.bar.stack .segment').count(), await page().locator('table.parts .swatch').count());
        await picture('account');
    });

    it('follows the VM while it is visible', async () => {
        const before = await page().locator('table.parts .sum td').first().textContent();
        const slot = vmm().memslot('anonymous', 1);
        await vmm().changeHostMemory(BigInt(slot.gpa), 16n << 20n, 'drop');
        await page().locator('table.parts .sum td').first().filter({ hasNotText: before ?? '' }).waitFor();
        await saysWhatTheCommandLineSays();
    });

    it('leads to the page map', async () => {
        await page().getByRole('button', { name: 'Show on Map' }).click();
        await vscode().window.webview().locator('.legend .entry').first().waitFor();
        await vscode().window.runCommand('Guestmem: Show Memory Accounting');
        await page().locator('table.parts').waitFor();
    });

    it('of a VM that has ended says so, and offers what is left to do', async () => {
        const { window, picture } = vscode();
        const victim = await DemoVmm.start(['--name', 'victim']);
        try {
            await window.runCommand('Guestmem: Select Virtual Machine');
            await window.answer(`pid ${victim.report.pid}`);
            await page().locator('h1', { hasText: victim.id }).waitFor();
        } finally {
            await victim.stop();
        }
        await page().locator('.notice', { hasText: 'has ended' }).waitFor();
        await picture('account-stale');
        await page().getByRole('button', { name: 'Select Another' }).click();
        await window.answer(`pid ${vmm().report.pid}`);
        await page().locator('h1', { hasText: vmm().id }).waitFor();
        await page().locator('.notice', { hasText: 'has ended' }).waitFor({ state: 'hidden' });
    });

    it('can be read in every theme', async () => {
        const { window, picture } = vscode();
        for (const [name, theme] of [['light', 'Light Modern'], ['high-contrast', 'Dark High Contrast']] as const) {
            await window.runCommand('Preferences: Color Theme');
            await window.answer(theme);
            await page().locator(`body.vscode-${name}`).waitFor();
            await picture(`account-${name}`);
        }
    });
});
