/** The view "Findings" of a real VM: what is found, said and offered, and gone once it was done. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { GuestmemApi } from '../../src/extension/extension';
import { HeldVm, requireHeldVm } from '../support/heldVm';
import { until } from '../support/until';
import { guestmem } from './extensionHost';

const labelOf = (item: vscode.TreeItem) => (typeof item.label === 'string' ? item.label : item.label?.label);

describe('findings view', () => {
    let vm: HeldVm;
    let api: GuestmemApi;
    const tree = () => api.trees.findings;
    const items = () => tree().getChildren().map((node) => tree().getTreeItem(node));
    const isListed = (title: RegExp) => items().some((item) => title.test(labelOf(item) ?? ''));

    before(async function () {
        requireHeldVm(this);
        api = await guestmem();
        vm = await HeldVm.start(64);
        await api.store.activate({ place: '', id: `${vm.report.pid}:${vm.report.vm}` });
        await vscode.commands.executeCommand('guestmem.findings.focus');
    });
    after(() => vm.end());

    it('finds by itself what comes, and drops what goes', async () => {
        await vm.tell('allocate 20 5');
        await until('the unbound pages are listed', () => isListed(/^20 KiB in guest_memfd \d+ where no memslot is bound$/));
        const [item] = items();
        assert.equal((item?.iconPath as vscode.ThemeIcon).id, 'warning');
        await vm.tell('punch 20 5');
        await until('they are not any more', () => !isListed(/no memslot is bound/));
        assert.deepEqual(items().filter((each) => String(each.contextValue).startsWith('finding')), []);
    });

    it('says of a leaked guest_memfd why, where, and what helps', async () => {
        await vm.tell('allocate 4 2');
        await vm.tell('unbind');
        await until('it is listed', () => isListed(/^8 KiB leaked in guest_memfd/));
        const node = tree().getChildren()[0];
        assert.equal((tree().getTreeItem(node ?? assert.fail()).iconPath as vscode.ThemeIcon).id, 'error');
        const children = tree().getChildren(node).map((child) => tree().getTreeItem(child));
        const valueOf = (label: string | RegExp) => children.find((child) => new RegExp(label).test(labelOf(child) ?? ''))?.description;
        assert.match(String(valueOf('Why')), /^It takes 8 KiB, and no memslot is bound to it\./);
        assert.match(String(valueOf('What helps')), new RegExp(`fd ${vm.report.gmem} of process ${vm.report.pid}`));
        assert.match(String(valueOf('^In guest_memfd')), /^0x0\+0x40000 · 256 KiB$/);
    });

    it('has nothing of a VM that has ended', async () => {
        await vm.end();
        await until('the view is empty', () => tree().getChildren().length === 0);
    });
});
