/** The schemas themselves: they accept what is right and refuse what is nearly right. Real outputs are held to them in test/kvm. */
import assert from 'node:assert/strict';
import { errorCodes, GuestmemError } from '../../src/common/errors';
import { largerPageObstacles } from '../../src/common/model';
import { pageRunAt, PageRunsBuilder } from '../../src/common/pageRuns';
import { encodePageDetail, encodePageState, gmemStates, hvaStates } from '../../src/common/pageState';
import { assertShape } from '../support/schema';

describe('the schemas', () => {
    it('know every error code', () => {
        for (const code of errorCodes) {
            const data =
                code === 'private-memory'
                    ? { gpa: '0x0', size: '0x1', bytes: 'AA==', ranges: [] }
                    : code === 'partial-change'
                      ? { change: 'convert', undo: null, executor: 'inject', range: '0x0+0x1000', to: 'private', pagesChanged: 0, pagesAlready: 0, previousRuns: [], kernelTime: null, unknown: [], warnings: [], stoppedMicroseconds: 0, dryRun: false, done: [], cause: 'KVM_SET_MEMORY_ATTRIBUTES failed with EINVAL.' }
                      : {};
            assertShape('error', { error: new GuestmemError(code, 'message', data).toWire() });
            if (Object.keys(data).length > 0) assert.throws(() => assertShape('error', { error: { code, message: '', data: {} } }));
        }
        assert.throws(() => assertShape('error', { error: { code: 'other', message: '', data: {} } }));
    });

    it('know what a conversion tells beside other changes', () => {
        const runs = [{ gpa: '0x0', size: '0x1000', attribute: 'shared' }];
        const common = { executor: 'inject', range: '0x0+0x1000', pagesChanged: 1, pagesAlready: 0, warnings: [], stoppedMicroseconds: 9, dryRun: false };
        const report = { ...common, change: 'convert', to: 'private', previousRuns: runs, kernelTime: { microseconds: 9, pieces: 2, longestPieceMicroseconds: 5 }, unknown: [], undo: { kind: 'restore', runs } };
        assertShape('convert', report);
        assertShape('change', report);
        assertShape('change', { ...common, change: 'punch', undo: null });
        assert.throws(() => assertShape('convert', { ...common, change: 'convert', undo: null }));
        assert.throws(() => assertShape('change', { ...report, undo: { kind: 'restore', runs: [] } }));
        assert.throws(() => assertShape('change', { ...report, extra: 1 }));
    });

    it('know every page state', () => {
        const builder = new PageRunsBuilder();
        const everythingKnown = encodePageDetail({
            rights: 'r-x',
            gmemNode: 1,
            executable: true,
            accessed: true,
            guestDirty: false,
            whyNotLarger: largerPageObstacles,
            guestUses: 'guest_memfd',
        });
        let gfn = 0;
        for (const hva of hvaStates) {
            for (const gmem of gmemStates) {
                const level = (['none', '4K', '2M', '1G'] as const)[gfn % 4] ?? 'none';
                const guestMapping = gfn % 5 === 0 ? null : { level, writable: level === '2M' };
                const state = encodePageState({ attribute: 'private', scope: 'vm', hva, gmem, guestMapping });
                builder.append(gfn++, 1, gfn % 2 === 0 ? -1 : 0, state, gfn % 3 === 0 ? 0 : everythingKnown);
            }
        }
        const columns = builder.build();
        const runs = Array.from({ length: columns.count }, (_, index) => pageRunAt(columns, index));
        const counts = { private: '0x0', shared: '0x0', doubleBacked: '0x0' };
        const totals = { ...counts, outsideMemslots: '0x0', memslots: [{ memslot: 0, ...counts }] };
        const map = { vm: '1:2', addressSpace: 0, takenAt: new Date(0).toISOString(), consistent: true, runs, totals, unknown: [] };
        assertShape('map', map);
        assert.throws(() => assertShape('map', { ...map, extra: 1 }));
        assert.throws(() => assertShape('map', { ...map, runs: [{ ...runs[0], gpa: '1000' }] }));
        assert.throws(() => assertShape('map', { ...map, runs: [{ ...runs[0], hvaBacking: { state: 'present' } }] }));
        assert.throws(() => assertShape('map', { ...map, runs: [{ ...runs[0], hvaBacking: { state: 'absent', rights: 'rwxp' } }] }));
        assert.throws(() => assertShape('map', { ...map, runs: [{ ...runs[0], whyNotLarger: ['other'] }] }));
    });
});
