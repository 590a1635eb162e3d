/** What the trees say of facts that few machines have: made details, shown as a person finds them. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { GuestMemfd, Memslot, VmDetails, VmSummary } from '../../src/common/model';
import { GuestMemfdTree } from '../../src/extension/trees/guestMemfdTree';
import { MemslotTree } from '../../src/extension/trees/memslotTree';
import type { PageMap } from '../../src/extension/map/pageMap';
import type { Places } from '../../src/extension/connection/places';
import type { VmStore } from '../../src/extension/vmStore';
import { VmTree } from '../../src/extension/trees/vmTree';

const summary: VmSummary = {
    id: '7:5',
    pid: 7,
    fd: 5,
    command: 'vmm',
    name: null,
    vcpus: 1,
    memory: '0x40000',
    type: 'default',
    tracedBy: null,
    holders: [{ pid: 9, fd: -1 }],
    heldBy: 'guest_memfd',
};

const guestMemfd: GuestMemfd = {
    inode: 12,
    fds: [5],
    size: '0x10000',
    flags: ['mmap'],
    allocated: '0x3000',
    prepared: '0x2000',
    bindings: [],
    holders: [{ pid: 7, fd: 5 }, { pid: 8, fd: 3 }, { pid: 8, fd: 4 }],
    unbound: [{ offset: '0x0', size: '0x4000' }, { offset: '0x8000', size: '0x8000' }],
    leaked: true,
    hostMappings: [{ pid: 8, hva: '0x7f0000001000', offset: '0x1000', size: '0x2000', rights: 'rw-' }],
    folios: [{ pageSize: '0x1000', size: '0x3000' }],
    nodes: [{ offset: '0x0', size: '0x1000', node: 1 }, { offset: '0x1000', size: '0x2000', node: 0 }],
    directMap: 'removed',
    attributes: [{ offset: '0x0', size: '0x4000', attribute: 'private' }],
};

const memslot: Memslot = {
    id: 3,
    internal: false,
    gpa: '0x100000',
    size: '0x40000',
    flags: ['readonly', 'guest-memfd'],
    gmemOnly: false,
    hva: '0x7f0000000000',
    guestMemfd: { inode: 12, fd: -1, offset: '0x0' },
    backing: { kind: 'anonymous', path: null, rights: 'r--' },
};

const details: VmDetails = {
    vm: summary,
    capabilities: { attributes: [], attributeScope: 'guest_memfd' },
    addressSpaces: [{ id: 0, memslots: [memslot] }],
    guestMemfds: [guestMemfd],
    vcpus: [],
    unknown: [{ field: 'guestMemfds', reason: 'a process could not be looked into' }],
};

const ref = { place: '', id: summary.id };
const store = {
    active: { ref, details },
    onDidChange: () => new vscode.Disposable(() => undefined),
    stateOf: () => ({ kind: 'ready', vms: [summary], unknown: [], failedChecks: [] }),
} as unknown as VmStore;

interface Tree<Node> {
    getChildren(node?: Node): Node[];
    getTreeItem(node: Node): vscode.TreeItem;
}

/** Label and description of each, as the view shows them. */
function shown<Node>(tree: Tree<Node>, parent?: Node): Record<string, string> {
    const items = tree.getChildren(parent).map((node) => tree.getTreeItem(node));
    return Object.fromEntries(items.map(({ label, description }) => [label as string, String(description ?? '')]));
}

const tooltip = (item: vscode.TreeItem | undefined) => (item?.tooltip as vscode.MarkdownString).value.replaceAll('\\', '');

describe('trees', () => {
    it('tell all that is known of a guest_memfd, and warn of one that is leaked', () => {
        const tree = new GuestMemfdTree(store);
        assert.deepEqual(shown(tree), { 'fd 5': 'leaked · 64 KiB · 12 KiB allocated · mmap', 'Not everything could be read': '' });
        const [node] = tree.getChildren();
        assert(node !== undefined);
        const item = tree.getTreeItem(node);
        assert.equal((item.iconPath as vscode.ThemeIcon).id, 'warning');
        assert.match(tooltip(item), /Leaked: it takes 12 KiB, and no memslot is bound to it/);
        assert.deepEqual(shown(tree, node), {
            Leaked: 'it takes 12 KiB, and no memslot is bound to it',
            'Not bound': '2 ranges',
            Size: '64 KiB (0x10000)',
            Allocated: '12 KiB',
            Prepared: '8 KiB',
            'Page sizes': '12 KiB in pages of 4 KiB',
            'NUMA nodes': '0, 1',
            'Also held by': 'process 8, fd 3, 4',
            'Mapped by': 'process 8 at 0x7f0000001000: 0x1000+0x2000, rw-',
            Attributes: 'private · 0x0+0x4000 · 16 KiB',
            'Direct map': 'the kernel has its pages removed from it',
            Flags: 'mmap',
            Inode: '12',
        });
        const nodes = tree.getChildren(node).find((child) => child.kind === 'detail' && child.label === 'NUMA nodes');
        assert.deepEqual(shown(tree, nodes), { 'Node 1': '0x0+0x1000 · 4 KiB', 'Node 0': '0x1000+0x2000 · 8 KiB' });
    });

    it("tell a memslot's rights, and what is double-backed once a map was read", () => {
        const totals = { memslots: [{ memslot: 3, private: '0x0', shared: '0x40000', doubleBacked: '0x2000' }] };
        for (const known of [false, true]) {
            const map = { onDidChangeTotals: () => undefined, totalsOf: () => (known ? totals : undefined) } as unknown as PageMap;
            const tree = new MemslotTree(store, map);
            const doubleBacked = known ? ' · 8 KiB double-backed' : '';
            assert.deepEqual(shown(tree), { '0x100000': `256 KiB${doubleBacked} · anonymous · guest_memfd · read-only` });
            const [node] = tree.getChildren();
            const lines = shown(tree, node);
            assert.equal(lines['Rights'], 'memslot read-only, VMM r--');
            assert.equal(lines['guest_memfd'], 'inode 12, offset 0x0');
            assert.equal(lines['Double-backed'], known ? '8 KiB' : undefined);
        }
    });

    it('say why a VM that nobody holds any more is still there', () => {
        const tree = new VmTree(store, { names: [''] } as unknown as Places);
        const [node] = tree.getChildren();
        assert(node !== undefined);
        const item = tree.getTreeItem(node);
        assert.match(String(item.description), /^left over · pid 7/);
        const text = tooltip(item);
        assert.match(text, /Left over: its VM fd is closed, but a guest_memfd \(fd 5\) keeps it and its memory alive/);
        assert.match(text, /Also held by: process 9, by a mapping/);
        assert.match(text, /Private or shared: decided by each guest_memfd/);
    });
});
