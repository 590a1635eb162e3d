import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { snapshotViewType } from '../../src/common/manifest';
import { Pace } from '../../src/agent/pace';
import { readSnapshotFile } from '../../src/agent/snapshot/snapshotFile';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { guestmem, Person, refOf, run } from './extensionHost';

const snapshotTabs = () =>
    vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).filter(({ input }) => input instanceof vscode.TabInputCustom && input.viewType === snapshotViewType);

describe('snapshots', () => {
    const vmm = suiteVmm(['--name', 'photographed']);
    const { showSaveDialog } = vscode.window;
    let folder = '';
    let person: Person;
    before(async () => {
        await guestmem();
        folder = mkdtempSync(join(tmpdir(), 'guestmem-snapshots-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));
    afterEach(async () => {
        Object.assign(vscode.window, { showSaveDialog });
        person.leave();
        await vscode.window.tabGroups.close(snapshotTabs());
    });

    async function save(name: string, pick: RegExp): Promise<vscode.Uri> {
        const uri = vscode.Uri.file(join(folder, name));
        person = new Person(() => undefined, pick);
        Object.assign(vscode.window, { showSaveDialog: () => Promise.resolve(uri) });
        await run('guestmem.vm.activate', { vm: refOf(vmm()) });
        await run('guestmem.map.save');
        return uri;
    }

    for (const [name, pick, vmName] of [['whole.gmem', /names/, 'photographed'], ['redacted.gmem', /Redacted/, null]] as const) {
        it(`are saved from the palette, ${name}, and opened in their editor`, async () => {
            const uri = await save(name, pick);
            assert.match(person.onlyMessage.text, /saved as .*no guest content/);
            const { header, runs } = await readSnapshotFile(uri.fsPath, new Pace(new AbortController().signal));
            assert.deepEqual([header.details.vm.pid, header.details.vm.name, header.redacted], [vmm().report.pid, vmName, vmName === null]);
            assert.ok((runs[0]?.count ?? 0) > 5);
            await vscode.commands.executeCommand('vscode.open', uri);
            await until('the editor is there', () => snapshotTabs()[0]?.label === name);
            assert.equal(person.messages.length, 1);
        });
    }
});
