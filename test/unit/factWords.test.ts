import assert from 'node:assert/strict';
import {
    attributeText,
    doubleBackedText,
    fieldText,
    gmemText,
    guestMappingText,
    guestUsesText,
    hvaText,
    obstacleText,
    rightsText,
    whyNotLargerText,
} from '../../src/common/factWords';
import { largerPageObstacles, type PageRun } from '../../src/common/model';
import { encodePageDetail, encodePageState, gmemStates, hvaStates } from '../../src/common/pageState';
import { pageRunAt, PageRunsBuilder } from '../../src/common/pageRuns';

type Said = readonly [fact: string, said: string, expected: string];

const check = (title: string, facts: readonly Said[]) =>
    it(title, () => {
        for (const [fact, said, expected] of facts) assert.equal(said, expected, fact);
    });

describe('the words for facts', () => {
    check('tell each side of a page', [
        ['mapped', hvaText({ state: 'present', mapped: true, pageSize: '2M', rights: 'rw-' }), '2M page mapped by the VMM, rw-'],
        ['in its file', hvaText({ state: 'present', mapped: false, pageSize: null, rights: 'r--' }), 'in the file, not mapped by the VMM, r--'],
        ['a hole in the mapping', hvaText({ state: 'absent', rights: null }), 'no page'],
        ['not read', hvaText({ state: null, rights: null }), 'not known'],
        ['on a node', gmemText({ state: 'prepared', node: 1 }), 'prepared, NUMA node 1'],
        ['no node', gmemText({ state: 'allocated', node: null }), 'allocated, not yet prepared'],
        ['decided by nobody', attributeText({ attribute: 'shared', scope: 'none' }), 'shared: nothing can be private here'],
        ['decided', attributeText({ attribute: 'private', scope: 'vm' }), 'private, decided by the VM'],
    ]);

    const mapping = { level: '4K', writable: false, executable: true, accessed: true, dirty: null } as const;
    check('tell the guest mapping, and why it is not larger', [
        ['rights', guestMappingText(mapping), '4K, read-only, executable, accessed'],
        ['not known', guestMappingText(null), 'not known'],
        ['two obstacles', whyNotLargerText({ whyNotLarger: ['slot-edge', 'host-page'], guestMapping: mapping }), `${obstacleText('slot-edge')}; ${obstacleText('host-page')}`],
        ['no obstacle', whyNotLargerText({ whyNotLarger: [], guestMapping: mapping }), 'nothing is against it'],
        ['nothing to say', whyNotLargerText({ whyNotLarger: null, guestMapping: null }), ''],
    ]);

    const hva = (rights: string): PageRun['hvaBacking'] => ({ state: 'present', mapped: true, pageSize: '4K', rights });
    const readonly = { flags: ['readonly'] } as const;
    const writable = { flags: [] } as const;
    check('tell rights that do not agree', [
        ['both', rightsText(writable, { hvaBacking: hva('rw-'), guestUses: 'hva' }), 'memslot writable, VMM rw-'],
        ['ROM of a read-only file', rightsText(readonly, { hvaBacking: hva('r--'), guestUses: 'hva' }), 'memslot read-only, VMM r--'],
        ['fewer', rightsText(writable, { hvaBacking: hva('r--'), guestUses: 'hva' }), 'memslot writable, VMM r--, so the guest cannot write: KVM_RUN ends'],
        ['none', rightsText(readonly, { hvaBacking: hva('---'), guestUses: 'hva' }), 'memslot read-only, VMM ---, so the guest cannot use it: KVM_RUN ends'],
        ['of no concern', rightsText(writable, { hvaBacking: hva('---'), guestUses: 'guest_memfd' }), 'memslot writable, VMM ---'],
        ['no mapping', rightsText(writable, { hvaBacking: { state: 'none' }, guestUses: 'guest_memfd' }), ''],
    ]);

    const run = (guestUses: PageRun['guestUses']): PageRun => {
        const builder = new PageRunsBuilder();
        const state = encodePageState({ attribute: 'private', scope: 'vm', hva: 'present', hvaMapped: true, gmem: 'prepared' });
        builder.append(0, 1, 0, state, encodePageDetail({ guestUses }));
        return pageRunAt(builder.build(), 0);
    };
    check('tell which copy counts, and which one only takes memory', [
        ['the guest_memfd’s', guestUsesText(run('guest_memfd')), 'the guest_memfd side'],
        ['the other', doubleBackedText({ doubleBacked: true, run: run('guest_memfd') }), 'yes: the page of the HVA side takes memory, and the guest does not use it'],
        ['the HVA’s', doubleBackedText({ doubleBacked: true, run: run('hva') }), 'yes: the page of the guest_memfd side takes memory, and the guest does not use it'],
        ['the same page', doubleBackedText({ doubleBacked: false, run: run('guest_memfd') }), 'no: both sides are the same page'],
        ['outside memslots', guestUsesText({ guestUses: 'none', memslot: null }), 'neither'],
    ]);

    it('have something for every value', () => {
        for (const obstacle of largerPageObstacles) assert.ok(obstacleText(obstacle).length > 10, obstacle);
        const builder = new PageRunsBuilder();
        for (const [index, state] of hvaStates.entries()) builder.append(2 * index, 1, 0, encodePageState({ attribute: 'shared', scope: 'vm', hva: state, gmem: gmemStates[index % 5] ?? null }));
        const runs = builder.build();
        for (let i = 0; i < runs.count; i++) {
            const { hvaBacking, gmemBacking } = pageRunAt(runs, i);
            assert.ok(hvaText(hvaBacking).length > 3 && gmemText(gmemBacking).length > 3);
        }
        assert.deepEqual([fieldText('guestMapping'), fieldText('something.new')], ['guest mapping', 'something.new']);
    });
});
