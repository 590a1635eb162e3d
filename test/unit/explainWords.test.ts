/** What an access comes to and what is said of an address, for every kind of VM: those whose guests decide run on no test machine. */
import assert from 'node:assert/strict';
import { predictAccesses } from '../../src/common/explain/accesses';
import type { AccessDecider, Circumstances } from '../../src/common/explain/explanation';
import { sentencesOf } from '../../src/common/explain/sentences';
import { usualRegion } from '../../src/common/explain/usualRegions';
import type { Attribute, PageFacts, PageRun } from '../../src/common/model';
import { madeMemslot } from '../support/madeMemslot';

const run = (attribute: Attribute, changed: Partial<PageRun> = {}): PageRun => ({
    gpa: '0x100000',
    size: '0x1000',
    memslot: 3,
    attribute,
    scope: 'vm',
    hvaBacking: { state: 'present', mapped: true, pageSize: '4K', rights: 'rw-' },
    gmemBacking: { state: 'absent' },
    guestMapping: { level: 'none', writable: false },
    dirty: null,
    whyNotLarger: null,
    guestUses: attribute === 'private' ? 'guest_memfd' : 'hva',
    ...changed,
});

const facts = (changed: Partial<PageFacts> = {}): PageFacts => ({
    vm: '1:2',
    addressSpace: 0,
    gpa: '0x100000',
    memslot: madeMemslot(),
    kind: 'memory',
    hva: '0x7f0000000000',
    guestMemfd: { inode: 9, fd: 5, offset: '0x0' },
    run: run('shared'),
    doubleBacked: false,
    unknown: [],
    ...changed,
});

const outside = (attribute: Attribute): PageFacts =>
    facts({ memslot: null, kind: 'mmio', hva: null, guestMemfd: null, run: run(attribute, { memslot: null, hvaBacking: { state: 'none' }, gmemBacking: { state: 'none' }, guestUses: 'none' }) });

const circumstances: Circumstances = { decidedBy: 'guest', onePage: false, changes: [], holders: { mappedBy: [], folios: [], possible: [] }, faults: [] };

const words = (told: PageFacts, changed: Partial<Circumstances> = {}) => {
    const all = { ...circumstances, ...changed };
    return sentencesOf({ ...told, ...all, accesses: predictAccesses(told, all.decidedBy) }).map(({ text }) => text).join('\n');
};

describe('what an access would come to', () => {
    const results = (told: PageFacts, decidedBy: AccessDecider) => {
        const { private: ofPrivate, shared } = predictAccesses(told, decidedBy);
        return [ofPrivate, shared].map(({ read: { result, side, flags } }) => [result, side ?? flags].filter((part) => part !== null).join(' '));
    };

    it('where the guest decides: one that does not fit the attribute ends with MEMORY_FAULT, flags by the access', () => {
        assert.deepEqual(results(facts({ run: run('shared') }), 'guest'), ['memory-fault 0x8', 'memory hva']);
        assert.deepEqual(results(facts({ run: run('private') }), 'guest'), ['memory guest_memfd', 'memory-fault 0x0']);
        assert.deepEqual(results(outside('shared'), 'guest'), ['memory-fault 0x8', 'mmio']);
        assert.deepEqual(results(outside('private'), 'guest'), ['memory-fault 0x8', 'memory-fault 0x0']);
    });

    it('where the attribute decides: there is no other', () => {
        assert.deepEqual(results(facts({ run: run('private') }), 'attribute'), ['memory guest_memfd', 'impossible']);
        assert.deepEqual(results(facts({ run: run('private', { guestUses: 'none' }) }), 'attribute'), ['memory-fault 0x8', 'impossible']);
        assert.deepEqual(results(outside('private'), 'attribute'), ['memory-fault 0x8', 'impossible']);
    });

    it('where nothing can be private: all are shared', () => {
        assert.deepEqual(results(facts(), 'nobody'), ['impossible', 'memory hva']);
        assert.deepEqual(results(facts({ kind: 'unreachable', memslot: null }), 'nobody'), ['refused', 'refused']);
    });

    it('a page is allocated for it where none is; reading the zero page allocates none, writing does', () => {
        const allocates = (changed: Partial<PageRun>) => {
            const { shared } = predictAccesses(facts({ run: run('shared', changed) }), 'nobody');
            return [shared.read.allocates, shared.write.allocates];
        };
        assert.deepEqual(allocates({}), [false, false]);
        assert.deepEqual(allocates({ hvaBacking: { state: 'absent', rights: 'rw-' } }), [true, true]);
        assert.deepEqual(allocates({ hvaBacking: { state: 'zero', rights: 'rw-' } }), [false, true]);
        assert.deepEqual(allocates({ hvaBacking: { state: null, rights: null } }), [null, null]);
        assert.deepEqual(allocates({ guestUses: 'guest_memfd', gmemBacking: { state: 'prepared', node: 0 } }), [false, false]);
        assert.deepEqual(allocates({ guestUses: 'guest_memfd', gmemBacking: { state: null } }), [null, null]);
    });

    it('what the mapping does not permit ends with EFAULT, a write to ROM with MMIO', () => {
        const { shared } = predictAccesses(facts({ run: run('shared', { hvaBacking: { state: 'present', mapped: true, pageSize: null, rights: 'r--' } }) }), 'nobody');
        assert.deepEqual([shared.read.result, shared.write.result], ['memory', 'efault']);
        const rom = predictAccesses(facts({ kind: 'rom' }), 'nobody').shared;
        assert.deepEqual([rom.read.result, rom.write.result], ['memory', 'mmio']);
        const unmapped = predictAccesses(facts({ run: run('shared', { hvaBacking: { state: 'absent', rights: null } }) }), 'nobody').shared;
        assert.equal(unmapped.read.result, 'efault');
    });
});

describe('the sentences of an explanation', () => {
    it('say what owns and backs the address, what guest and host see, and that a conversion copies nothing', () => {
        const said = words(facts({ run: run('private', { gmemBacking: { state: 'prepared', node: 0 } }) }));
        assert.match(said, /^Memory: memslot 3 \(0x100000\+0x10000\), 0x0 into it\./);
        assert.match(said, /HVA side: 0x7f0000000000, anonymous memory; 4K page mapped by the VMM, rw-\./);
        assert.match(said, /guest_memfd side: inode 9 \(fd 5\), offset 0x0; a page is there, prepared\./);
        assert.match(said, /two sides are different physical pages/);
        assert.match(said, /KVM has the page as private, as the VM says; the guest sees the guest_memfd's page\./);
        assert.match(said, /the host sees a page, which is not what the guest uses\./);
        assert.match(said, /A shared access by the guest ends KVM_RUN with EFAULT and exit reason MEMORY_FAULT, flags 0x0, since KVM has the page as private\./);
    });

    it('name who holds the page: mappings, references, pins, and what could', () => {
        const holders = {
            mappedBy: [{ pid: 7, command: 'vmm', hva: '0x1000', rights: 'rw-' }],
            folios: [{ side: 'guest_memfd', pages: 1, references: 1026, mappings: 1, pins: 1 }],
            possible: [{ kind: 'vfio', pid: 7, fds: [8, 9] }],
        } as const;
        const said = words(facts(), { holders });
        assert.match(said, /Mapped by process 7 \(vmm\) at 0x1000, rw-\./);
        assert.match(said, /The page of the guest_memfd side has 1026 references, 1 by mappings; by its references it is pinned for DMA once\./);
        assert.match(said, /Possible holders, of which the kernel does not tell the pages: VFIO \(process 7, fd 8 and 9\)\./);
    });

    it('say of MMIO that nothing backs it, and what is usually there', () => {
        assert.match(words({ ...outside('shared'), gpa: '0xfee00000' }), /^MMIO: no memslot is at 0xfee00000, .* PC machines usually have the local APIC/);
        assert.equal(usualRegion(0xfed4_5000n - 1n), 'the TPM (TIS or CRB registers)');
        assert.equal(usualRegion(0x8000_0000n), null);
    });

    it('say which memslots are KVM\'s own, and what for', () => {
        assert.match(words(facts({ memslot: madeMemslot({ id: 32764, internal: true }) })), /KVM made this memslot itself, for the task state segment/);
    });
});
