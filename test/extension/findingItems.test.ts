/** What the view "Findings" says and offers of findings that need private memory: made ones, shown as a person finds them. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Finding, FindingAction } from '../../src/common/finding';
import type { VmFindings } from '../../src/extension/findings/vmFindings';
import { FindingTree } from '../../src/extension/trees/findingTree';

const finding: Finding = {
    kind: 'double-backed',
    severity: 'warning',
    title: '12 KiB double-backed, guest_memfd copy unused, slot 4',
    explanation: 'The guest uses these pages at the HVA.',
    action: { text: 'Punch them.', does: 'punch', command: 'guestmem punch 7:5 0x3000+0x2000' },
    ranges: [{ gpa: '0x3000', size: '0x2000' }, { gpa: '0x9000', size: '0x1000' }],
    addressSpace: 0,
    bytes: 0x3000,
    memslot: 4,
    guestMemfd: null,
    source: 'page states',
    seen: null,
};

function shown(...findings: Finding[]) {
    const nothing = new vscode.EventEmitter<void>();
    const state = { kind: 'ready', vm: { place: '', id: '7:5' }, list: { vm: '7:5', findings, unknown: [{ field: 'attribute', reason: 'why' }] } };
    const tree = new FindingTree({ state, onDidChange: nothing.event } as unknown as VmFindings);
    return { roots: tree.getChildren().map((node) => ({ node, item: tree.getTreeItem(node), children: tree.getChildren(node).map((child) => tree.getTreeItem(child)) })) };
}

describe('findings view, of made findings', () => {
    it('offers what helps at the finding, for its first range, and at each range', () => {
        const [root] = shown(finding).roots;
        assert.equal(root?.item.contextValue, 'finding does-punch convertible');
        assert.deepEqual((root.node as { range?: unknown }).range, { gpa: '0x3000', size: '0x2000' });
        assert.equal(root.item.description, '2 ranges');
        const ranges = root.children.filter(({ contextValue }) => contextValue?.startsWith('range'));
        assert.deepEqual(ranges.map(({ label, description, contextValue, command }) => [label, description, contextValue, command?.command]), [
            ['0x3000+0x2000', '8 KiB', 'range address does-punch convertible', 'guestmem.map.show'],
            ['0x9000+0x1000', '4 KiB', 'range address does-punch convertible', 'guestmem.map.show'],
        ]);
    });

    it('has a button in package.json for everything that helps', () => {
        const { contributes } = vscode.extensions.getExtension('guestmem.guestmem')?.packageJSON as {
            contributes: { menus: Record<string, { command: string; when: string; group: string }[]> };
        };
        const inline = (contributes.menus['view/item/context'] ?? []).filter(({ when, group }) => when.includes('guestmem.findings') && group.startsWith('inline'));
        const commands: Record<Exclude<FindingAction['does'], 'none'>, string> = {
            'show-on-map': 'guestmem.map.show',
            explain: 'guestmem.address.explain',
            'convert-to-private': 'guestmem.memory.convertToPrivate',
            'convert-to-shared': 'guestmem.memory.convertToShared',
            punch: 'guestmem.memory.punch',
        };
        for (const [does, command] of Object.entries(commands)) {
            const made = shown({ ...finding, action: { ...finding.action, does: does as FindingAction['does'] } });
            const value = made.roots[0]?.item.contextValue ?? '';
            const offered = inline.filter(({ when }) => new RegExp(/viewItem =~ \/(.*)\/$/.exec(when)?.[1] ?? '$^').test(value));
            assert.ok(offered.some((item) => item.command === command), `${does}: ${JSON.stringify(offered)}`);
        }
    });

    it('offers nothing on the map for another address space', () => {
        const [root] = shown({ ...finding, addressSpace: 1 }).roots;
        assert.equal(root?.item.contextValue, 'finding');
        assert.deepEqual(root.children.filter(({ contextValue }) => contextValue?.startsWith('range')).map(({ contextValue, command }) => [contextValue, command]), [
            ['range address', undefined],
            ['range address', undefined],
        ]);
    });

    it('gives the same finding the same id, also when its numbers change, and no two one id', () => {
        const ids = (...findings: Finding[]) => shown(...findings).roots.map(({ item }) => item.id);
        assert.deepEqual(ids(finding), ids({ ...finding, title: '16 KiB double-backed, guest_memfd copy unused, slot 4', ranges: [] }));
        const two = ids(finding, finding);
        assert.equal(new Set(two).size, two.length);
    });

    it('says of a pattern when it was seen and by which threads, and what is not known', () => {
        const seen = { from: 1_000_000, to: 61_000_000, times: 7, perSecond: 0.1166, threads: [12, 13], vcpus: [0] };
        const { roots } = shown({ ...finding, severity: 'information', action: { text: 'Look.', does: 'none', command: null }, seen });
        assert.equal((roots[0]?.item.iconPath as vscode.ThemeIcon).id, 'info');
        assert.match(String(roots[0]?.children.find(({ label }) => label === 'Seen')?.description), /^7 times, .* to .* · 0\.12 a second · threads 12, 13 · vCPUs 0$/);
        assert.equal(roots.at(-1)?.item.label, 'Not everything could be read');
    });

    it('shows names that others chose as plain text', () => {
        const [root] = shown({ ...finding, title: '4 KiB twice in slot 1: in /memfd:$(sync~spin)\u202e[x](command:quit)' }).roots;
        assert.equal(root?.item.label, '4 KiB twice in slot 1: in /memfd:$ (sync~spin)\ufffd[x](command:quit)');
        assert.ok(!(root.item.tooltip as vscode.MarkdownString).value.includes('](command:'));
    });
});
