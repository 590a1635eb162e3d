/** A .gmem file in the window, as whoever gets a bug report opens it: no VM, no privilege, no agent of the settings. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PageRuns } from '../../src/common/pageRuns';
import { PageRunsBuilder } from '../../src/common/pageRuns';
import { isPrivate } from '../../src/common/pageState';
import { madeStates, makeRuns, makeSnapshot } from '../support/madeSnapshots';
import { suiteWindow } from '../support/vscodeWindow';

const runs = makeRuns(1);

/** The same but for the first three pages from gfn 0x200 on that are in one run, which have the other attribute. */
function withThreeFlipped({ count, gfns, pages, memslots, states, details }: PageRuns): PageRuns {
    const builder = new PageRunsBuilder();
    let isDone = false;
    for (let i = 0; i < count; i++) {
        const [gfn = 0, size = 0, memslot = -1, state = 0, detail = 0] = [gfns[i], pages[i], memslots[i], states[i], details[i]];
        const flips: boolean = !isDone && gfn >= 0x200 && size > 3;
        if (flips) builder.append(gfn, 3, memslot, isPrivate(state) ? madeStates.sharedAbsent : madeStates.privateAbsent, detail);
        builder.append(flips ? gfn + 3 : gfn, flips ? size - 3 : size, memslot, state, detail);
        isDone ||= flips;
    }
    return builder.build();
}

describe('a snapshot in the window', () => {
    let folder = '';
    const vscode = suiteWindow(
        // The editor must not need the agent of the settings.
        () => ({ 'guestmem.agent.command': ['/nonexistent/agent'], 'files.simpleDialog.enable': true }),
        (opened) => {
            folder = opened;
            const file = makeSnapshot(runs);
            const damaged = Buffer.from(file);
            const at = damaged.indexOf('RUNS') + 40;
            damaged[at] = (damaged[at] ?? 0) ^ 0xff;
            writeFileSync(join(folder, 'vm1.gmem'), file);
            writeFileSync(join(folder, 'damaged.gmem'), damaged);
            writeFileSync(join(folder, 'earlier.gmem'), makeSnapshot(withThreeFlipped(runs)));
        },
    );
    const map = () => vscode().window.webview();

    it('opens as a map that says what it is, and offers nothing that needs a VM', async () => {
        // VS Code knows the editor once the extension's view is there.
        await vscode().window.showContainer('Guestmem');
        await vscode().window.openInItsEditor('vm1.gmem');
        await map().locator('.toolbar h1', { hasText: 'vm1.gmem' }).waitFor();
        const banner = map().locator('.notice.comparison');
        await banner.waitFor();
        assert.match((await banner.textContent()) ?? '', /Snapshot of vm1 \(4242:9\), taken .* on Linux 6\.18\.0 by guestmem 0\.1\.0\. It holds no guest content/);
        await map().locator('.legend button').first().waitFor();
        await map().locator('.goTo input').fill('0x100000000+0x3000');
        await map().locator('.goTo input').press('Enter');
        await map().locator('.selected strong', { hasText: '0x100000000+0x3000' }).waitFor();
        for (const button of await map().locator('.selection button', { hasText: /Convert|Read/ }).all()) assert.ok(await button.isDisabled());
        await vscode().picture('snapshot');
    });

    it('is compared with another file', async () => {
        const { window } = vscode();
        await map().getByRole('button', { name: 'Compare…' }).click();
        await window.answer('A Snapshot File');
        // What is typed before the dialog has listed the folder is lost.
        await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'earlier.gmem' }).click();
        const banner = map().locator('.notice.comparison');
        await banner.filter({ hasText: 'What differs in vm1.gmem from earlier.gmem' }).waitFor();
        await map().locator('.legend', { hasText: /Became (private|shared)\s*12 KiB/ }).waitFor();
        await vscode().picture('snapshot-compared');
        await map().getByRole('button', { name: 'End Comparison' }).click();
        await banner.filter({ hasText: 'Snapshot of vm1' }).waitFor();
    });

    it('is there again when the window was loaded anew', async () => {
        await vscode().window.reload();
        await map().locator('.toolbar h1', { hasText: 'vm1.gmem' }).waitFor();
        await map().locator('.selected strong', { hasText: '0x100000000+0x3000' }).waitFor();
    });

    it('that is damaged says so, where, and what to do', async () => {
        await vscode().window.openInItsEditor('damaged.gmem');
        const notice = map().locator('.notice', { hasText: 'The snapshot cannot be opened' });
        await notice.waitFor();
        assert.match((await notice.textContent()) ?? '', /at byte \d+ the chunk RUNS cannot be used.*get it again, or save the snapshot anew/);
        await map().getByRole('button', { name: 'Read Again' }).waitFor();
        await vscode().picture('snapshot-damaged');
        writeFileSync(join(folder, 'damaged.gmem'), makeSnapshot(runs));
        await map().getByRole('button', { name: 'Read Again' }).click();
        await map().locator('.toolbar h1', { hasText: 'damaged.gmem' }).waitFor();
        await notice.waitFor({ state: 'hidden' });
    });
});
