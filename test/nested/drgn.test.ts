/** `guestmem show` and `map` beside drgn, which reads the same structures through /proc/kcore by code of its own. */
import assert from 'node:assert/strict';
import type { PageMap, PageRun, VmDetails } from '../../src/common/model';
import { drgnWalks, requireDrgn, type DrgnWalk, type DrgnWhat } from '../support/drgn';
import { guestmemJson } from '../support/guestmem';
import { endOf, hex, page, startOf } from '../support/pages';
import { privateRanges } from '../support/privateRanges';
import { suiteVmm } from '../support/suiteVmm';

type Run = readonly [first: number, pages: number, ...state: number[]];

/** Runs of pages whose state `stateOf` gives, merged; those without one are left out. */
function runsOf(runs: readonly PageRun[], firstOf: (run: PageRun) => bigint, stateOf: (run: PageRun) => number[] | null): Run[] {
    const merged: [number, number, ...number[]][] = [];
    for (const run of runs) {
        const state = stateOf(run);
        if (state === null) continue;
        const first = Number(firstOf(run) / page);
        const pages = Number(BigInt(run.size) / page);
        const last = merged.at(-1);
        if (last !== undefined && last[0] + last[1] === first && last.slice(2).join() === state.join()) last[1] += pages;
        else merged.push([first, pages, ...state]);
    }
    return merged;
}

const rangesOf = ({ runs }: DrgnWalk) =>
    runs.map(([first = 0, pages = 0]) => ({ gpa: hex(BigInt(first) * page), size: hex(BigInt(pages) * page) }));

describe('beside drgn', () => {
    before('drgn', function () {
        requireDrgn(this);
    });
    const vmm = suiteVmm(['--type', 'sw-protected', '--slots', '40', '--slot-size', '4K']);
    const show = () => guestmemJson<VmDetails>(['show', vmm().id]);
    const map = () => guestmemJson<PageMap>(['map', vmm().id]);
    const walk = (what: DrgnWhat): DrgnWalk => drgnWalks(vmm().report.pid, [[vmm().report.vmFd, what]])[0] ?? assert.fail();
    before('stop the guest’s own conversions', () => vmm().setPaused(true));

    it('has the same memslots', async () => {
        const { addressSpaces } = await show();
        const shown = addressSpaces.flatMap(({ id: space, memslots }) =>
            memslots.map((slot) => [
                space,
                slot.id,
                ...[slot.gpa, slot.size].map((bytes) => Number(BigInt(bytes) / page)),
                Number(slot.hva),
                (slot.flags.includes('log-dirty-pages') ? 1 : 0) | (slot.flags.includes('readonly') ? 2 : 0) | (slot.flags.includes('guest-memfd') ? 4 : 0),
                slot.guestMemfd?.inode ?? -1,
                Number(BigInt(slot.guestMemfd?.offset ?? 0) / page),
            ]),
        );
        const { runs } = walk('memslots');
        assert.ok(runs.length > 40);
        assert.deepEqual(shown.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)), runs);
    });

    it('has the same private ranges: in memslots and outside, single pages and huge ranges', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        for (const [gpa, pages] of [
            [startOf(slot) + 3n * page, 1n],
            [startOf(slot) + 5n * page, 2n],
            [endOf(slot) - page, 5n],
            [0x8000_0000n, 1n],
            [0x8020_0000n, 0x1_0001n],
        ] as const) {
            await vmm().setAttribute(gpa, pages * page, 'private');
        }
        const walked = walk('attributes');
        assert.ok(walked.runs.every(([, , attributes]) => attributes === 8));
        assert.ok(walked.runs.length >= 6);
        assert.deepEqual(privateRanges(await map()), rangesOf(walked));
    });

    it('has the same pages of every guest_memfd', async () => {
        const slot = vmm().memslot('guest_memfd', 1);
        for (const index of [3n, 5n, 6n]) await vmm().write(startOf(slot) + index * page, 1);
        const { guestMemfds } = await show();
        const { runs } = await map();
        const walks = drgnWalks(vmm().report.pid, guestMemfds.map(({ fds }) => [fds[0] ?? -1, 'pages']));
        for (const [index, { allocated, prepared, bindings }] of guestMemfds.entries()) {
            const walked = (walks[index]?.runs ?? []) as Run[];
            const count = (state: number) => walked.reduce((sum, [, pages, uptodate]) => sum + (uptodate === state ? pages : 0), 0);
            assert.equal(Number(prepared), count(1) * Number(page));
            assert.equal(Number(allocated), (count(0) + count(1)) * Number(page));
            for (const { memslot, offset, size } of bindings) {
                const bound = runs.filter((run) => run.memslot === memslot);
                const toFile = BigInt(offset) - BigInt(bound[0]?.gpa ?? 0);
                const shown = runsOf(
                    bound,
                    (run) => startOf(run) + toFile,
                    ({ gmemBacking: { state } }) => (state === 'prepared' ? [1] : state === 'allocated' ? [0] : null),
                );
                const [from, end] = [Number(BigInt(offset) / page), Number((BigInt(offset) + BigInt(size)) / page)];
                const inside = walked.map(([first, pages, uptodate]) => {
                    const start = Math.max(first, from);
                    return [start, Math.min(first + pages, end) - start, uptodate];
                });
                assert.deepEqual(shown, inside.filter(([, pages = 0]) => pages > 0), `memslot ${memslot}`);
            }
        }
        assert.ok(guestMemfds.some(({ allocated, prepared }) => allocated !== prepared), 'both states were seen');
    });

    it('has the same guest mapping', async () => {
        const { runs } = await map();
        const levels = ['4K', '2M', '1G'];
        const shown = runsOf(runs, startOf, ({ guestMapping }) =>
            guestMapping === null || guestMapping.level === 'none'
                ? null
                : [levels.indexOf(guestMapping.level) + 1, guestMapping.writable ? 1 : 0],
        );
        assert.deepEqual(shown, walk('guest-mapping').runs);
        assert.ok(shown.some(([, , , writable]) => writable === 0), 'a page that the guest may not write');
    });
});
