/** Explanations on a VM with private memory: which access comes to what, who wanted it, and what changed the page. */
import assert from 'node:assert/strict';
import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressFacts } from '../../src/common/explain/explanation';
import { assertPredicted, describeLookups, suiteExplainer } from '../support/explainSuite';
import { endOf, hex, page, startOf } from '../support/pages';
import { suiteVmm } from '../support/suiteVmm';

describe('explaining a VM with private memory', () => {
    describeLookups(['--type', 'sw-protected']);

    const vmm = suiteVmm(['--type', 'sw-protected', '--rate', '0', '--vcpus', '2']);
    const explainer = suiteExplainer(vmm);
    const textAbout = ({ sentences }: AddressFacts, about: string) => sentences.filter((sentence) => sentence.about === about).map(({ text }) => text).join(' ');
    const withGuestMemfd = () => vmm().report.memslots.find(({ guestMemfd }) => guestMemfd !== null) ?? assert.fail('no memslot has a guest_memfd');

    it('predicts what the guest\'s accesses come to, with both attributes, with and without guest_memfd and memslot', async () => {
        const both = withGuestMemfd();
        const hvaOnly = vmm().memslot('dirty-logged');
        const hole = endOf(vmm().memslot('anonymous'));
        const gpas = [startOf(both), endOf(both) - page, startOf(hvaOnly), hole];
        for (const gpa of gpas) await vmm().setAttribute(gpa, page, 'private');
        const seen = await assertPredicted(vmm(), explainer, gpas);
        for (const gpa of gpas) await vmm().setAttribute(gpa, page, 'shared');
        for (const what of await assertPredicted(vmm(), explainer, gpas)) seen.add(what);
        for (const what of ['private memory guest_memfd', 'private memory-fault  null', 'shared memory hva', 'shared mmio  null']) {
            assert.ok([...seen].some((each) => each.startsWith(what)), `${what} among ${[...seen].join('; ')}`);
        }
    });

    it('question 6: MemoryFault{flags: 8, gpa: 4096} at the first run: what state is that GPA in? Private, without guest_memfd', async () => {
        const gpa = startOf(vmm().memslot('dirty-logged'));
        await vmm().setAttribute(gpa, page, 'private');
        assert.equal((await vmm().read(gpa)).exit, 'memory-fault');
        const facts = await explainer.explain(gpa);
        assert.deepEqual(facts.accesses.private.read, { result: 'memory-fault', side: null, allocates: null, flags: '0x8' });
        assert.match(textAbout(facts, 'guest'), /^KVM has the page as private, as the VM says/);
        assert.match(textAbout(facts, 'private-access'), /MEMORY_FAULT, flags 0x8, since the memslot has no guest_memfd/);
        await vmm().setAttribute(gpa, page, 'shared');
    });

    it('questions 7 and 19: which vCPU wanted what, and what did the host think? The vCPU, its access and the attribute', async () => {
        const gpa = startOf(vmm().memslot('dirty-logged')) + page;
        await vmm().setAttribute(gpa, page, 'private');
        assert.equal((await vmm().read(gpa)).exit, 'memory-fault');
        const facts = await explainer.explain(gpa);
        assert.deepEqual(facts.faults, [{ vcpu: 0, gpa: hex(gpa), size: '0x1000', access: 'private' }]);
        assert.match(textAbout(facts, 'exits'), /^vCPU 0 last exited with MEMORY_FAULT here: a private access/);
        assert.deepEqual((await explainer.explain(gpa + page)).faults, []);
        await vmm().setAttribute(gpa, page, 'shared');
    });

    it('question 12: who holds a page of a guest_memfd? How many references it has, and who maps it', async () => {
        const slot = withGuestMemfd();
        await vmm().setAttribute(startOf(slot), page, 'private');
        await vmm().write(startOf(slot), 1);
        const { holders } = await explainer.explain(startOf(slot));
        const folio = holders.folios.find(({ side }) => side === 'guest_memfd');
        assert.ok(folio !== undefined && folio.references >= folio.pages, JSON.stringify(holders));
        assert.equal(folio.pins ?? 0, 0);
        assert.deepEqual(holders.mappedBy.map(({ pid }) => pid), [vmm().report.pid]);
        await vmm().setAttribute(startOf(slot), page, 'shared');
    });

    it('question 13: a conversion "succeeds", yet the shared side is another physical page: it is said, and so it is', async () => {
        const gpa = startOf(withGuestMemfd()) + 2n * page;
        await vmm().setAttribute(gpa, page, 'shared');
        await vmm().write(gpa, 0x11);
        await vmm().setAttribute(gpa, page, 'private');
        assert.notEqual((await vmm().read(gpa)).value, 0x11);
        const facts = await explainer.explain(gpa);
        assert.equal(facts.onePage, false);
        assert.match(textAbout(facts, 'backing'), /two sides are different physical pages: a conversion moves the guest/);
        assert.match(textAbout(facts, 'host'), /the host sees a page, which is not what the guest uses/);
        await vmm().setAttribute(gpa, page, 'shared');
        assert.equal((await vmm().read(gpa)).value, 0x11);
    });

    it('GVA: a page table in private memory cannot be read, and it is said plainly', async () => {
        // The guest's page directory; its virtual memory is not used meanwhile.
        await vmm().setAttribute(0x3000n, page, 'private');
        const { places, steps } = await explainer.locate({ kind: 'gva', gva: '0x1234', vcpu: 0 });
        await vmm().setAttribute(0x3000n, page, 'shared');
        assert.deepEqual(places, []);
        assert.match(steps.at(-1)?.text ?? '', /PD entry at GPA 0x3000 cannot be read: the table is in private memory: encrypted or private/);
    });
});

describe('what guestmem changed at a page', () => {
    const folder = mkdtempSync(join(tmpdir(), 'guestmem-explain-'));
    after(() => rmSync(folder, { recursive: true, force: true }));
    const vmm = suiteVmm(['--type', 'sw-protected', '--rate', '0']);
    const explainer = suiteExplainer(vmm, { XDG_STATE_HOME: folder });

    it('is told newest first, at this page and not at others', async () => {
        const range = { gpa: vmm().memslot('memfd').gpa, size: '0x2000' };
        for (const to of ['private', 'shared'] as const) await explainer.agent().request('convert', { vm: vmm().id, range, to, dryRun: false });
        const { changes } = await explainer.explain(startOf(range) + page + 5n);
        assert.deepEqual(changes.map(({ text, source }) => [text, source]), [
            [`guestmem converted ${range.gpa}+0x2000 (2 pages changed, this page was private before)`, 'record of changes'],
            [`guestmem converted ${range.gpa}+0x2000 (2 pages changed, this page was shared before)`, 'record of changes'],
        ]);
        assert.deepEqual((await explainer.explain(endOf(range))).changes, []);
    });

    it('is told from a recording, too: the attribute that the VMM set, and the exit that followed', async () => {
        const gpa = startOf(vmm().memslot('dirty-logged'));
        const { recording } = await explainer.agent().request('startRecording', { vm: vmm().id });
        await vmm().setAttribute(gpa, page, 'private');
        assert.equal((await vmm().read(gpa)).exit, 'memory-fault');
        await vmm().setAttribute(gpa, page, 'shared');
        const { changes } = await explainer.explain(gpa);
        await explainer.agent().request('closeRecording', { recording });
        assert.deepEqual(changes.map(({ source }) => source), ['recording', 'recording', 'recording']);
        const wanted = [/^Attributes changed: .* to shared, thread /, /^MEMORY_FAULT exit: .* private access by vCPU 0/, /^Attributes changed: .* to private, thread /];
        for (const [i, form] of wanted.entries()) assert.match(changes[i]?.text ?? '', form);
        assert.deepEqual((await explainer.explain(gpa)).changes, []);
    });
});
