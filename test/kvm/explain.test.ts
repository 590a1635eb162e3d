/** Explanations on a VM without private memory: look-ups of every kind, and what accesses come to. */
import assert from 'node:assert/strict';
import type { ExplainedLookup } from '../../src/common/explain/addressLookup';
import type { AddressFacts } from '../../src/common/explain/explanation';
import { assertPredicted, describeLookups, suiteExplainer } from '../support/explainSuite';
import { guestmem, guestmemError, guestmemJson } from '../support/guestmem';
import { endOf, hex, page, startOf } from '../support/pages';
import { backEndSize, openFileOf, withBackEnd } from '../support/backEnd';
import { framesOf, mappingsOfFrame } from '../support/pagemap';
import { skip } from '../support/skip';
import { suiteVmm } from '../support/suiteVmm';

describe('explaining a VM without private memory', () => {
    describeLookups([]);

    const vmm = suiteVmm(['--rate', '0', '--kinds']);
    const explainer = suiteExplainer(vmm);
    const sentences = ({ sentences: told }: AddressFacts) => told.map(({ text }) => text).join('\n');

    it('predicts what the guest\'s accesses come to: memory, ROM, MMIO, EFAULT, out of reach', async () => {
        const { memslots } = vmm().report;
        // The guest's own tables and code are in memslot 0.
        const gpas = memslots.filter(({ id }) => id !== 0).flatMap((slot) => [startOf(slot), startOf(slot) + BigInt(slot.size) / 2n, endOf(slot) - page]);
        const hole = endOf(vmm().memslot('anonymous'));
        const seen = await assertPredicted(vmm(), explainer, [...new Set(gpas), hole, 1n << 51n]);
        for (const what of ['shared memory hva true', 'shared memory hva false', 'shared mmio  null', 'shared efault  null', 'shared refused  null']) {
            assert.ok(seen.has(what), `${what} among ${[...seen].join('; ')}`);
        }
    });

    it('question 8: what owns 0xfed45000, which QEMU cannot convert? Nothing: MMIO, where a TPM usually is', async () => {
        const facts = await explainer.explain(0xfed4_5000n);
        assert.equal(facts.memslot, null);
        assert.match(sentences(facts), /^MMIO: no memslot is at 0xfed45000, .* usually have the TPM's physical presence interface/);
    });

    it('question 9: is 0xf0000 memory, ROM or MMIO? It is said first, with what is usual there', async () => {
        const facts = await explainer.explain(0xf_0000n);
        assert.equal(facts.kind, 'mmio');
        assert.match(sentences(facts), /^MMIO: .* usually have the system BIOS there/);
        const rom = await explainer.explain(startOf(vmm().memslot('read-only')));
        assert.match(sentences(rom), /^ROM: memslot/);
        assert.match(sentences(rom), /one that writes exits to the VMM as MMIO/);
    });

    it('question 14: where does shared memory come from? From the HVA side, and which memory that is', async () => {
        const slot = vmm().memslot('memfd');
        const { stdout } = await guestmem(['explain', vmm().id, slot.gpa]);
        assert.match(stdout, new RegExp(`^Backing +HVA side: ${slot.hva}, a memfd /memfd:.*mapped by the VMM, rw-`, 'm'));
        assert.match(stdout, /^Shared access +An access by the guest reaches the page of the HVA side\. \[derived/m);
    });

    it('names who maps the page, and other processes with the same guest_memfd', async () => {
        const slot = vmm().memslot('anonymous');
        const { holders } = await explainer.explain(startOf(slot));
        assert.deepEqual(
            holders.mappedBy.map(({ pid, hva }) => [pid, hva]),
            [[vmm().report.pid, slot.hva]],
        );
    });

    describe('a page that is pinned', () => {
        const hvaFolio = async (gpa: bigint) =>
            (await explainer.explain(gpa)).holders.folios.find(({ side }) => side === 'hva') ?? assert.fail(`nothing is told of the page at ${hex(gpa)}`);
        const pin = async (context: Mocha.Context, gpa: bigint) => {
            const { failure } = await vmm().changeHostMemory(gpa, page, 'pin').then(() => ({ failure: null }), (thrown: unknown) => ({ failure: String(thrown) }));
            if (failure !== null) skip(context, `io_uring pins nothing here (${failure})`);
        };

        it('is told as pinned for DMA, and its neighbour is not', async function () {
            // Small pages, whatever the host's settings for huge ones.
            const gpa = startOf(vmm().memslot('hole'));
            await pin(this, gpa);
            const [pinned, neighbour] = [await hvaFolio(gpa), await hvaFolio(gpa + page)];
            assert.deepEqual([pinned.pages, pinned.mappings, pinned.pins], [1, 1, 1]);
            assert.deepEqual([neighbour.pages, neighbour.mappings, neighbour.pins], [1, 1, 0]);
            // The kernel counts a pin of a small page as so many references.
            assert.ok(pinned.references >= 1024 && neighbour.references < 1024);
            const { stdout } = await guestmem(['explain', vmm().id, hex(gpa)]);
            assert.match(stdout, /^ +The page of the HVA side has \d+ references, 1 by mappings; by its references it is pinned for DMA once\./m);
            assert.match(stdout, /io_uring with registered buffers/);
        });

        it('is told with its whole folio where that is larger', async function () {
            const gpa = startOf(vmm().memslot('huge')) + 7n * page;
            if ((await hvaFolio(gpa)).pages === 1) skip(this, 'the host gave the VMM no huge page');
            await pin(this, gpa);
            const [pinned, neighbour] = [await hvaFolio(gpa), await hvaFolio(gpa + page)];
            assert.deepEqual([pinned.pages, pinned.pins], [512, 1]);
            assert.deepEqual(neighbour, pinned);
        });

        it('is not told of where the VMM has the kernel\'s page of zeros', async () => {
            const { holders } = await explainer.explain(startOf(vmm().memslot('zero')) + 3n * page);
            assert.deepEqual(holders.folios, []);
        });

        it('is mapped as often as /proc/kpagecount has it', async () => {
            const { pid } = vmm().report;
            let compared = 0;
            const slots = vmm().report.memslots.filter(({ kind }) => ['hole', 'memfd', 'shmem'].includes(kind));
            for (const slot of slots) {
                const [frame] = framesOf(pid, BigInt(slot.hva), 1);
                const { pages, mappings } = await hvaFolio(startOf(slot));
                if (frame === undefined || pages !== 1) continue;
                assert.equal(mappings, mappingsOfFrame(frame), slot.kind);
                compared++;
            }
            assert.ok(compared > 0);
        });
    });

    it('names a back end that maps the same memfd, and where the page is in its memory', async () => {
        const slot = vmm().memslot('memfd');
        const { pid } = vmm().report;
        const gpa = startOf(slot) + 3n * page;
        await withBackEnd(pid, openFileOf(pid, BigInt(slot.hva)), 0n, async (backEnd, hva) => {
            const facts = await explainer.explain(gpa);
            assert.deepEqual(
                facts.holders.mappedBy.map((each) => [each.pid, each.hva, each.rights]),
                [
                    [pid, hex(BigInt(slot.hva) + 3n * page), 'rw-'],
                    [backEnd, hex(hva + 3n * page), 'rw-'],
                ],
            );
            assert.ok(sentences(facts).includes(`and process ${backEnd} (python3`), sentences(facts));
            const beyond = await explainer.explain(startOf(slot) + backEndSize);
            assert.deepEqual(beyond.holders.mappedBy.map((each) => each.pid), [pid], 'the back end maps less than the memslot');
            const anonymous = await explainer.explain(startOf(vmm().memslot('anonymous')));
            assert.deepEqual(anonymous.holders.mappedBy.map((each) => each.pid), [pid]);
        });
    });

    it('PFN: leads to the GPA of a page that only a guest_memfd holds, as who maps it sees the frame in its own page table', async function () {
        const { pid, memslots } = vmm().report;
        const slot = memslots.find(({ guestMemfd }) => guestMemfd !== null);
        if (!slot?.guestMemfd) return skip(this, 'this kernel has no guest_memfd for a VM without private memory');
        const bound = slot.guestMemfd;
        const at = BigInt(slot.size) - backEndSize;
        await withBackEnd(pid, bound.fd, BigInt(bound.offset) + at, async (backEnd, hva) => {
            const [frame = 0n] = framesOf(backEnd, hva, 1);
            assert.notEqual(frame, 0n, 'the test may see the frame');
            assert.deepEqual(framesOf(pid, BigInt(slot.hva) + at, 1), [0n], 'the VMM has not touched the page');
            const { places, steps } = await explainer.locate({ kind: 'pfn', pfn: hex(frame) });
            assert.deepEqual(places, [{ addressSpace: 0, gpa: hex(startOf(slot) + at) }], JSON.stringify(steps));
            assert.match(steps[0]?.text ?? '', new RegExp(`^The guest_memfd [0-9]+ has it at ${hex(BigInt(bound.offset) + at)}, in memslot ${slot.id}: GPA`));
        });
    });

    it('says on a terminal where an address of another kind leads, then the facts', async () => {
        const slot = vmm().memslot('memfd');
        const { stdout } = await guestmem(['explain', vmm().id, slot.hva, '--hva']);
        assert.ok(stdout.startsWith(`HVA ${slot.hva} is GPA ${slot.gpa}:\n  Memslot ${slot.id}, 0x0 into it`), stdout);
        assert.match(stdout, /\nOwner +Memory: memslot/);
        const { lookup, matches } = await guestmemJson<ExplainedLookup>(['explain', vmm().id, slot.hva, '--hva']);
        assert.deepEqual(lookup.query, { kind: 'hva', hva: slot.hva });
        assert.deepEqual(matches.map(({ gpa }) => gpa), [slot.gpa]);
        const virtual = await guestmemJson<ExplainedLookup>(['explain', vmm().id, '0x1234', '--gva', '--vcpu', '0']);
        assert.deepEqual(virtual.lookup.places, [{ addressSpace: 0, gpa: '0x1234' }]);
    });

    it('refuses kinds that do not go together, and what is no address', async () => {
        for (const words of [['0x0', '--hva', '--pfn'], ['0x0', '--vcpu', '1'], ['here', '--hva'], [hex(1n << 41n), '--pfn'], ['0x0', '--guest-memfd', 'x']]) {
            assert.equal((await guestmemError(['explain', vmm().id, ...words], 2)).code, 'usage', words.join(' '));
        }
    });
});
