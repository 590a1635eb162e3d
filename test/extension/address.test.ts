import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { AddressFacts } from '../../src/common/explain/explanation';
import type { GuestmemApi } from '../../src/extension/extension';
import { suiteVmm } from '../support/suiteVmm';
import { guestmem, Person, refOf, run } from './extensionHost';

describe('guest physical addresses', () => {
    const vmm = suiteVmm(['--name', '[click](command:workbench.action.quit)']);
    let api: GuestmemApi;
    let person: Person;

    before(async () => {
        api = await guestmem();
        await api.store.activate(refOf(vmm()));
    });
    beforeEach(() => (person = new Person()));
    afterEach(() => person.leave());

    /** What the hover on the `|` of the text says, "" when there is none. */
    async function hover(text: string): Promise<string> {
        const at = text.indexOf('|');
        const document = await vscode.workspace.openTextDocument({ content: text.replace('|', '') });
        const place = document.positionAt(at);
        const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, place);
        return hovers.flatMap(({ contents }) => (contents as vscode.MarkdownString[]).map(({ value }) => value)).join('\n');
    }

    it('in C and Rust are explained, suffixes and separators included', async () => {
        const digits = BigInt(vmm().memslot('memfd').gpa).toString(16);
        for (const text of [`#define BASE 0x|${digits}UL`, `gpa = 0x|${digits}ull;`, `0x|${digits}_u64`, `0x|${digits.slice(0, -4)}_${digits.slice(-4)}u64`]) {
            assert.ok((await hover(text)).includes(`GPA 0x${digits}`), text);
        }
        assert.equal(await hover(`0x|${digits}zz`), '');
    });

    it('in hex are explained by a hover with slot and HVA', async () => {
        const slot = vmm().memslot('anonymous');
        const gpa = BigInt(slot.gpa) + 0x1234n;
        const text = await hover(`fault at 0x|${gpa.toString(16)}, flags 8`);
        assert.ok(text.includes(`GPA 0x${gpa.toString(16)}`), text);
        assert.ok(text.includes(`Slot ${slot.id}`), text);
        assert.ok(text.includes(`0x${(BigInt(slot.hva) + 0x1234n).toString(16)}`), text);
    });

    it('in decimal are explained after gpa: or gpa=', async () => {
        const { gpa } = vmm().memslot('anonymous');
        const decimal = (BigInt(gpa) + 4096n).toString();
        for (const text of [`MemoryFault { flags: 8, gpa: |${decimal} }`, `gpa=|${decimal}`]) {
            assert.ok((await hover(text)).includes(`GPA 0x${BigInt(decimal).toString(16)}`), text);
        }
        assert.equal(await hover(`counter: |${decimal}`), '');
    });

    it('outside all memslots are explained only when they are marked', async () => {
        assert.equal(await hover('0x|fffffff0000'), '');
        assert.match(await hover('gpa: 0x|fffffff0000'), /GPA 0xfffffff0000/);
    });

    it('link to a closed list of commands, and names of the VM cannot add one', async () => {
        const text = await hover(`0x|${(BigInt(vmm().memslot('anonymous').gpa) + 0x1000n).toString(16)}`);
        const linked = [...text.matchAll(/\]\(command:([\w.]+)/g)].map(([, command]) => command);
        assert.deepEqual(linked, ['guestmem.address.explain', 'guestmem.map.show', 'guestmem.memory.read']);
    });

    it('are explained by the command, from a hover, a tree item or the debugger', async () => {
        const slot = vmm().memslot('memfd');
        const gpa = `0x${(BigInt(slot.gpa) + 0x1000n).toString(16)}`;
        for (const argument of [
            { range: { gpa, size: '0x1000' } },
            { sessionId: '1', container: {}, variable: { name: 'gpa', value: gpa } },
            { sessionId: '1', container: {}, variable: { name: 'fault', value: `{gpa = ${BigInt(gpa)} (${gpa})}` } },
        ]) {
            const facts = await run<AddressFacts | undefined>('guestmem.address.explain', argument);
            assert.equal(facts?.gpa, gpa);
            assert.equal(facts.memslot?.id, slot.id);
            assert.equal(facts.hva, `0x${(BigInt(slot.hva) + 0x1000n).toString(16)}`);
        }
    });

    it('in a hover say first what owns it and what an access would come to', async () => {
        const text = await hover(`gpa: 0x|${BigInt(vmm().memslot('read-only').gpa).toString(16)}`);
        const said = ['ROM: memslot', 'An access by the guest that reads reaches', 'Memory slot'].map((part) => text.indexOf(part));
        assert.ok(said.every((at, i) => at > (said[i - 1] ?? 0)), text);
    });

    it('host virtual ones are led to the guest physical one, where a memslot has them', async () => {
        const slot = vmm().memslot('memfd');
        const text = await hover(`ptr = 0x|${(BigInt(slot.hva) + 0x123n).toString(16)}`);
        assert.ok(text.includes(`HVA 0x${(BigInt(slot.hva) + 0x123n).toString(16)}** is **GPA 0x${(BigInt(slot.gpa) + 0x123n).toString(16)}`), text);
        const facts = await run<AddressFacts | undefined>('guestmem.address.explain', { variable: { name: 'ram', value: `(uint8_t *) ${slot.hva}` } });
        assert.equal(facts?.gpa, slot.gpa);
    });

    it('of every kind are explained on a page, which leads on, and is the same when it is asked again', async () => {
        const slot = vmm().memslot('memfd');
        for (const [address, title] of [[slot.gpa, `GPA ${slot.gpa} in `], [`hva:${slot.hva}`, `hva:${slot.hva} in `], ['gva:0x1234', 'gva/0:0x1234 in ']] as const) {
            await run('guestmem.address.explain', { address });
            const { document } = vscode.window.activeTextEditor ?? assert.fail('no page was opened');
            assert.ok(document.getText().startsWith(title), document.getText());
            assert.match(document.getText(), /^Owner {13}Memory: memslot \d/m);
            const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
            const commands = lenses.map(({ command }) => command?.command);
            assert.deepEqual(commands, ['guestmem.map.show', 'guestmem.memory.read', 'guestmem.address.explain']);
            const again = lenses[2]?.command ?? assert.fail('there is no way to ask again');
            await vscode.commands.executeCommand(again.command, ...((again.arguments ?? []) as unknown[]));
            assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), document.uri.toString());
        }
        assert.deepEqual(person.messages, []);
    });

    it('that lead nowhere have a page that says why', async () => {
        assert.equal(await run('guestmem.address.explain', { address: 'hva:0x1000' }), undefined);
        assert.match(vscode.window.activeTextEditor?.document.getText() ?? '', /leads to no guest physical address that could be found:\n {2}No memslot has HVA 0x1000/);
    });

    it('in a variable that holds none are refused with what was found', async () => {
        await run('guestmem.address.explain', { variable: { name: 'x', value: '<optimized out>' } });
        assert.match(person.onlyMessage.text, /holds no address: <optimized out>/);
    });

    it('lead to a hexdump of what the guest reads', async () => {
        // Not the anonymous slot, where the guest's own page tables are.
        const slot = vmm().memslot('memfd');
        const gpa = BigInt(slot.touched?.gpa ?? slot.gpa);
        await vmm().write(gpa, 0xa5);
        const uri = await run<vscode.Uri>('guestmem.memory.read', { range: { gpa: `0x${gpa.toString(16)}`, size: '0x1000' } });
        const document = await vscode.workspace.openTextDocument(uri);
        const row = document.getText().split('\n').find((line) => line.startsWith(gpa.toString(16).padStart(16, '0')));
        assert.match(row ?? document.getText(), /^[0-9a-f]{16} {2}a5 /);
        assert.deepEqual(person.messages, []);
    });

    it('are read into an editor that names the VM, and that says where no memslot is', async () => {
        const ends = vmm().report.memslots.map(({ gpa, size }) => BigInt(gpa) + BigInt(size));
        const end = ends.find((candidate) => !vmm().report.memslots.some(({ gpa }) => BigInt(gpa) === candidate));
        assert(end !== undefined);
        const range = { gpa: `0x${(end - 0x1000n).toString(16)}`, size: '0x2000' };
        const uri = await run<vscode.Uri>('guestmem.memory.read', { range });
        assert.equal(uri.path, `/[click](command:workbench.action.quit) ${range.gpa}+0x2000.hexdump`);
        const text = (await vscode.workspace.openTextDocument(uri)).getText();
        assert.ok(text.includes(`# 0x${end.toString(16)}+0x1000 no memslot: MMIO`), text);
    });

    it('outside all memslots cannot be read, and the message says so', async () => {
        await run('guestmem.memory.read', { range: { gpa: '0xfffffff0000', size: '0x1000' } });
        assert.match(person.onlyMessage.text, /No memslot of the VM overlaps 0xfffffff0000\+0x1000, so it is MMIO/);
        assert.doesNotMatch(person.onlyMessage.text, /'guestmem /, 'no advice for a terminal');
    });
});
