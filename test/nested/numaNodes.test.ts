/** NUMA nodes of a guest_memfd's pages, placed by mbind and told by get_mempolicy; needs a machine with two nodes (numa=fake=2). */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { PageMap, VmDetails } from '../../src/common/model';
import { guestmem, guestmemJson } from '../support/guestmem';
import { HeldVm, requireHeldVm } from '../support/heldVm';
import { skip } from '../support/skip';

const pages = 64;

describe('the NUMA nodes of a guest_memfd', () => {
    let vm: HeldVm;
    let hva: string;
    /** The node of each page. */
    let nodes: readonly number[];

    before(async function () {
        if (!existsSync('/sys/devices/system/node/node1')) skip(this, 'needs two NUMA nodes (kernel argument numa=fake=2)');
        requireHeldVm(this);
        vm = await HeldVm.start(pages);
        ({ hva } = await vm.tell(`map gmem 0 ${pages}`));
        const place = (page: number) => `0x${(BigInt(hva) + BigInt(page) * 4096n).toString(16)}`;
        // Alternating in the memslot's pages 4 to 8, and large parts around them; the last quarter is absent.
        for (const [first, count, node] of [[0, 4, 0], [4, 1, 1], [5, 1, 0], [6, 2, 1], [8, 24, 0], [32, 16, 1]] as const) {
            await vm.tell(`bind ${place(first)} ${count} ${node}`);
            await vm.tell(`touch ${place(first)} ${count}`);
        }
        nodes = (await vm.tell(`nodes ${hva} 48`)).nodes;
        assert.deepEqual(new Set(nodes), new Set([0, 1]), 'the kernel placed the pages on both nodes');
    });
    after(() => vm.end());

    it('question 25: are told in ranges by show, where the policy placed them', async () => {
        const { guestMemfds } = await guestmemJson<VmDetails>(['show', String(vm.report.pid)]);
        const shown = new Array<number>(48).fill(-1);
        for (const { node, offset, size } of guestMemfds[0]?.nodes ?? []) {
            const first = Number(BigInt(offset) / 4096n);
            shown.fill(node, first, first + Number(BigInt(size) / 4096n));
        }
        assert.deepEqual(shown, nodes);
        assert.match((await guestmem(['show', String(vm.report.pid)])).stdout, /^ *[0-9]+ .* 0 1 +present/m);
    });

    it('are told of each page by map', async () => {
        const { runs } = await guestmemJson<PageMap>(['map', String(vm.report.pid)]);
        const shown = runs.flatMap(({ size, gmemBacking }) => {
            assert.equal(gmemBacking.state, 'prepared');
            return new Array<number | null>(Number(BigInt(size) / 4096n)).fill('node' in gmemBacking ? gmemBacking.node : null);
        });
        assert.deepEqual(shown, nodes.slice(4, 8));
    });
});
