import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import * as vscode from 'vscode';
import { AgentClient } from '../../src/extension/connection/agentClient';
import type { GuestmemApi } from '../../src/extension/extension';
import type { Places } from '../../src/extension/connection/places';
import { VmStore } from '../../src/extension/vmStore';
import { DemoVmm } from '../support/demoVmm';
import { HeldVm, requireHeldVm } from '../support/heldVm';
import { suiteVmm } from '../support/suiteVmm';
import { until } from '../support/until';
import { guestmem, refOf } from './extensionHost';

const labelOf = (item: vscode.TreeItem) => (typeof item.label === 'string' ? item.label : item.label?.label);

describe('views', () => {
    const vmm = suiteVmm(['--name', 'views']);
    let api: GuestmemApi;

    before(async () => {
        api = await guestmem();
        await vscode.commands.executeCommand('guestmem.vms.focus');
    });

    const vmItems = () => api.trees.vms.getChildren().map((node) => api.trees.vms.getTreeItem(node));
    const itemOf = ({ id }: DemoVmm) => vmItems().find((item) => item.id === `vm  ${id}`);

    it('list a running VM by its name, without being asked to', async () => {
        await until('the VM is listed', () => itemOf(vmm()) !== undefined);
        const item = itemOf(vmm());
        assert.equal(item && labelOf(item), 'views');
        assert.match(String(item?.description), new RegExp(`^pid ${vmm().report.pid} · `));
    });

    it("show the active VM's memslots by address, as the VMM made them", async () => {
        await api.store.activate(refOf(vmm()));
        const { memslots } = api.trees;
        const shown = memslots.getChildren().map((node) => labelOf(memslots.getTreeItem(node)));
        const made = vmm()
            .report.memslots.map(({ gpa }) => BigInt(gpa))
            .sort((one, other) => (one < other ? -1 : 1));
        assert.deepEqual(shown, made.map((gpa) => `0x${gpa.toString(16)}`));
    });

    it('show the details of a memslot as its children', () => {
        const { memslots } = api.trees;
        const [slot] = vmm().report.memslots;
        assert(slot !== undefined);
        const node = memslots.getChildren().find((candidate) => labelOf(memslots.getTreeItem(candidate)) === slot.gpa);
        const details = memslots.getChildren(node).map((child) => memslots.getTreeItem(child));
        const detail = (label: string) => details.find((item) => labelOf(item) === label)?.description;
        assert.equal(detail('Slot'), String(slot.id));
        assert.equal(detail('HVA'), slot.hva);
    });

    it('show the guest_memfds that the VMM has', () => {
        const { guestMemfds } = api.trees;
        const shown = guestMemfds.getChildren().map((node) => labelOf(guestMemfds.getTreeItem(node)));
        const made = vmm().report.guestMemfds.map(({ fd }) => `fd ${fd}`);
        assert.deepEqual(shown.sort(), made.sort());
    });

    it('mark the active VM, and no other', async () => {
        const other = await DemoVmm.start(['--name', 'other']);
        try {
            await api.store.refresh();
            const marked = vmItems().filter(({ iconPath }) => (iconPath as vscode.ThemeIcon).id === 'vm-active');
            assert.deepEqual(marked.map(labelOf), ['views']);
        } finally {
            await other.stop();
        }
    });

    it('show a VM that only a mapping keeps as left over, and what can be told of it', async function () {
        requireHeldVm(this);
        const held = await HeldVm.start(16);
        try {
            const { hva } = await held.tell('map gmem 0 16');
            await held.tell(`touch ${hva} 3`);
            for (const name of ['vm', 'vcpu', 'gmem']) await held.tell(`close ${name}`);
            await until('it is listed', async () => {
                await api.store.refresh();
                return vmItems().some(({ description }) => String(description).startsWith(`left over · pid ${held.report.pid}`));
            });
            const vm = api.store.vms().find(({ summary }) => summary.pid === held.report.pid);
            assert(vm !== undefined);
            assert.match(vm.ref.id, /^\d+:0x[0-9a-f]+$/);
            await api.store.activate(vm.ref);
            const { guestMemfds, memslots } = api.trees;
            const described = guestMemfds.getChildren().map((node) => guestMemfds.getTreeItem(node).description);
            assert.deepEqual(described, ['leaked · 64 KiB · 12 KiB allocated', undefined]);
            assert.deepEqual(memslots.getChildren().map((node) => labelOf(memslots.getTreeItem(node))), ['Not everything could be read']);
        } finally {
            await held.end();
        }
    });

    it('drop a VM that was killed, and what was shown of it', async () => {
        const victim = await DemoVmm.start(['--name', 'victim']);
        await until('the VM is listed', () => itemOf(victim) !== undefined);
        await api.store.activate(refOf(victim));
        assert.equal(api.store.active?.details.vm.name, 'victim');
        victim.kill();
        await until('the VM is gone', () => itemOf(victim) === undefined);
        await until('it is not active any more', () => api.store.active === undefined);
        assert.match(api.store.failure?.message ?? '', /has ended/);
        assert.deepEqual(api.trees.memslots.getChildren(), []);
    });

    it('show the VM of a window that reloads before a slow place has answered', async () => {
        const log = vscode.window.createOutputChannel('Guestmem test', { log: true });
        const agent = new AgentClient(['${node}', '${agent}'], resolve('dist/agent.js'), log);
        const silent = { request: () => new Promise(() => undefined) } as unknown as AgentClient;
        const nothing = new vscode.EventEmitter<never>();
        const places = {
            names: ['', 'slow'],
            get: (place: string) => (place === 'slow' ? silent : agent),
            onDidChange: nothing.event,
            onDidEndAgent: nothing.event,
        } as unknown as Places;
        const memento: vscode.Memento = { get: () => refOf(vmm()) as never, update: () => Promise.resolve(), keys: () => [] };
        const store = new VmStore(places, memento);
        try {
            void store.refresh();
            await until('it is active', () => store.active?.ref.id === vmm().id);
        } finally {
            await agent.stop();
            for (const part of [store, nothing, log]) part.dispose();
        }
    });

    it('show a hostile name as plain text', async () => {
        const hostile = await DemoVmm.start(['--name', '$(sync~spin) \u202e[x](command:workbench.action.quit)']);
        try {
            await api.store.refresh();
            const item = itemOf(hostile);
            assert.equal(item?.label, '$ (sync~spin) \ufffd[x](command:workbench.action.quit)');
            assert(item.tooltip instanceof vscode.MarkdownString);
            assert.ok(!item.tooltip.value.includes('](command:'), item.tooltip.value);
            assert.notEqual(item.tooltip.isTrusted, true);
        } finally {
            await hostile.stop();
        }
    });
});
