import assert from 'node:assert/strict';
import { backingOf, kindOf, MappedFilesystems, mapsOwnGuestMemfd } from '../../../src/agent/details/backing';
import type { SlotRow } from '../../../src/agent/details/memslots';
import { findMapping, parseMaps, type Mapping } from '../../../src/agent/discovery/processMaps';

const one = (line: string): Mapping => {
    const mapping = parseMaps(line + '\n')[0];
    assert.ok(mapping, line);
    return mapping;
};

describe('/proc/PID/maps', () => {
    it('is parsed to pages', () => {
        assert.deepEqual(one('7f0000001000-7f0000005000 rw-s 00003000 00:01 1042                       /memfd:ram (deleted)'), {
            start: 0x7f0000001,
            end: 0x7f0000005,
            rights: 'rw-',
            shared: true,
            filePage: 3,
            device: '00:01',
            inode: 1042,
            path: '/memfd:ram (deleted)',
        });
    });

    it('keeps names that look like something else, and addresses of 64 bits', () => {
        const hostile = one('1000-2000 rw-p 00000000 08:01 7   /tmp/7f00-7f01 rw-s 0 0:0 1 \\012[heap] (deleted)');
        assert.equal(hostile.path, '/tmp/7f00-7f01 rw-s 0 0:0 1 \\012[heap] (deleted)');
        assert.equal(hostile.inode, 7);
        assert.equal(one('ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0   [vsyscall]').start, 0xffffffffff600);
    });

    it('leaves out what is no line of the kernel', () => {
        assert.deepEqual(parseMaps('\nnonsense\n1000-2000\n1001-2000 rw-p 0 0:0 0\n'), []);
    });

    it('finds the mapping of a page, or the next one', () => {
        const mappings = parseMaps('1000-3000 rw-p 0 00:00 0\n5000-6000 rw-p 0 00:00 0\n');
        for (const [page, index] of [[0, 0], [1, 0], [2, 0], [3, 1], [5, 1], [6, 2]] as const) {
            assert.equal(findMapping(mappings, page), index, `page ${page}`);
        }
    });
});

describe('what backs a memslot', () => {
    // No process has this pid, so only the kernel's text tells.
    const filesystems = new MappedFilesystems(2 ** 22 + 1);
    const kinds: [string, string][] = [
        ['00:00 0', 'anonymous'],
        ['00:00 0     [heap]', 'anonymous'],
        ['00:00 0     [anon:guest ram]', 'anonymous'],
        ['00:01 5     /memfd:ram (deleted)', 'memfd'],
        ['00:01 5     /dev/zero (deleted)', 'shmem'],
        ['00:01 5     /SYSV00000000 (deleted)', 'shmem'],
        ['00:01 5     [anon_shmem:x]', 'shmem'],
        ['00:0f 5     /anon_hugepage (deleted)', 'hugetlb'],
        ['00:0e 5     anon_inode:[kvm-gmem]', 'guest_memfd'],
        ['00:0e 5     /[kvm-gmem] (deleted)', 'guest_memfd'],
        ['00:0e 5     anon_inode:kvm-vcpu:0', 'device'],
        ['00:06 5     /dev/vfio/12', 'device'],
        ['08:01 5     /var/lib/memfd:x', 'file'],
    ];
    for (const [text, kind] of kinds) {
        it(`${text} is ${kind}`, () => assert.equal(kindOf(one(`1000-2000 rw-s 00000000 ${text}`), filesystems), kind));
    }

    const slot = (gfn: number, end: number, hvaPage: number, more: Partial<SlotRow> = {}): SlotRow => ({
        addressSpace: 0,
        id: 0,
        internal: false,
        gfn,
        end,
        hva: BigInt(hvaPage) * 4096n,
        hvaPage,
        logsDirtyPages: false,
        readonly: false,
        hasGuestMemfd: false,
        gmemOnly: false,
        gmemInode: null,
        gmemPage: 0,
        ...more,
    });
    const mappings = parseMaps(
        [
            '10000-20000 rw-p 00000000 00:00 0',
            '20000-30000 r--p 00000000 00:00 0',
            '30000-40000 rw-s 00000000 00:01 5 /memfd:a (deleted)',
            '40000-50000 rw-s 00000000 00:01 6 /memfd:b (deleted)',
        ].join('\n'),
    );
    const backings: [string, SlotRow, { kind: string; path: string | null; rights: string | null }][] = [
        ['one mapping', slot(0, 16, 0x30), { kind: 'memfd', path: '/memfd:a (deleted)', rights: 'rw-' }],
        ['two mappings of a kind, with different rights', slot(0, 32, 0x10), { kind: 'anonymous', path: null, rights: null }],
        ['part of one mapping', slot(0, 8, 0x24), { kind: 'anonymous', path: null, rights: 'r--' }],
        ['two kinds', slot(0, 32, 0x20), { kind: 'mixed', path: null, rights: null }],
        ['two files', slot(0, 32, 0x30), { kind: 'mixed', path: null, rights: null }],
        ['partly nothing before', slot(0, 17, 0x0f), { kind: 'mixed', path: null, rights: null }],
        ['partly nothing after', slot(0, 32, 0x40), { kind: 'mixed', path: null, rights: null }],
        ['nothing at all', slot(0, 16, 0x100), { kind: 'unmapped', path: null, rights: null }],
        ['a slot that needs no HVA', slot(0, 16, 0, { gmemOnly: true }), { kind: 'unmapped', path: null, rights: null }],
    ];
    for (const [what, row, backing] of backings) {
        it(what, () => assert.deepEqual(backingOf(row, mappings, filesystems), backing));
    }

    it('is its own guest_memfd only at the same offset', () => {
        const mapping = one('10000-20000 rw-s 00004000 00:0e 99 anon_inode:[kvm-gmem]');
        const bound = (more: Partial<SlotRow>) => slot(0, 8, 0x12, { gmemInode: 99, gmemPage: 6, ...more });
        assert.equal(mapsOwnGuestMemfd(bound({}), mapping), true);
        assert.equal(mapsOwnGuestMemfd(bound({ gmemPage: 5 }), mapping), false);
        assert.equal(mapsOwnGuestMemfd(bound({ gmemInode: 98 }), mapping), false);
    });
});
