/**
 * Kernels that lack what this one has: every BPF program still loads there, as it is relocated against this kernel's
 * BTF without some fields, types and enumerators (test/native/fixtures/missing_fields.c), and verified by this kernel.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { requireRoot } from '../support/requirements';
import { skip } from '../support/skip';
import { compileFixture } from './fixtures';

const kernels: Record<string, readonly string[]> = {
    'before guest_memfd and private memory': [
        ...['kvm.mem_attr_array', 'kvm_memory_slot.gmem', 'kvm_run.memory_fault', 'kvm_gmem', 'gmem_file', 'gmem_inode'],
        ...['kvm_arch.vm_type', 'kvm_arch.has_private_mem', 'kvm_arch.gfn_direct_bits', 'kvm_mmu_page_role.is_mirror'],
    ],
    'without the TDP MMU and its counts': [
        ...['kvm_arch.tdp_mmu_roots', 'kvm_arch_memory_slot.lpage_info', 'kvm.dirty_ring_size', 'kvm_mmu_page_role.direct'],
        ...['kvm_arch.n_used_mmu_pages', 'kvm_arch_memory_slot.rmap', 'kvm_arch_memory_slot.gfn_write_track'],
    ],
    'with other registers': [
        ...['kvm_vcpu_arch.regs_avail', 'kvm_vcpu_arch.rip', 'kvm_vcpu_arch.guest_state_protected', 'kvm_vcpu_arch.maxphyaddr'],
        ...['VCPU_REGS_RIP', 'VCPU_EXREG_CR3', 'VCPU_REG_RIP', 'VCPU_REG_CR3'],
    ],
    'with other pages': [
        ...['folio._flags_1', 'mem_section_usage.subsection_map', 'hstate.nr_huge_pages_node'],
        ...['address_space.flags', 'address_space.invalidate_lock', 'AS_NO_DIRECT_MAP'],
    ],
    'with other counters': [
        ...['mm_struct.rss_stat', 'mm_struct.hugetlb_usage', 'mm_context_t.tlb_gen', 'kvm_vm_stat.pages_4k'],
        ...['kvm_vm_stat_generic.remote_tlb_flush_requests', 'kvm_vcpu_stat.pf_taken'],
    ],
    'with fewer functions for BPF': ['KF_bpf_rdonly_cast', 'bpf_iter_task_vma_kern'],
};

describe('a kernel that lacks what this one has', function () {
    this.timeout(120_000);
    let objects: string[];
    let program: string;
    before(function () {
        requireRoot(this);
        program = compileFixture('missing_fields.c', '-lbpf');
        objects = readdirSync('native/bpf').filter((name) => name.endsWith('.bpf.c') && hasTracepoints(name)).map(compileObject);
        assert.ok(objects.length > 10);
    });

    function check(context: Mocha.Context, missing: readonly string[]): void {
        const { status, stdout, stderr } = spawnSync(program, [...missing, '--', ...objects], { encoding: 'utf8' });
        assert.equal(status, 0, stderr);
        if (Number(stdout) === 0) skip(context, "none of it is in this kernel's own BTF: KVM is a module, or the kernel is such a one");
    }

    for (const [what, missing] of Object.entries(kernels)) {
        it(`loads every program: ${what}`, function () {
            check(this, missing);
        });
    }

    it('loads every program: with nothing of all that', function () {
        check(this, Object.values(kernels).flat());
    });

    it('would not, were it something that every kernel has', () => {
        const { status, stderr } = spawnSync(program, ['kvm.memslots', '--', ...objects], { encoding: 'utf8' });
        assert.equal(status, 1);
        assert.match(stderr, /memslots\.o does not load/);
    });
});

/** A recorder whose tracepoint this kernel lacks cannot be loaded here, which takes away its own events alone. */
function hasTracepoints(source: string): boolean {
    const types = ['vmlinux', 'kvm'].map((name) => `/sys/kernel/btf/${name}`).filter((path) => existsSync(path)).map((path) => readFileSync(path));
    const wanted = readFileSync(`native/bpf/${source}`, 'utf8').matchAll(/^SEC\("tp_btf\/(\w+)"\)$/gm);
    return [...wanted].every(([, name = '']) => types.some((strings) => strings.includes(`\0btf_trace_${name}\0`)));
}

/** As scripts/buildSkeleton.mjs compiles it. */
function compileObject(source: string): string {
    const object = `out/native/bpf/${source.replace('.bpf.c', '.o')}`;
    mkdirSync('out/native/bpf', { recursive: true });
    const machine = execFileSync('gcc', ['-dumpmachine'], { encoding: 'utf8' }).trim();
    const flags = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', `-I/usr/include/${machine}`, '-Inative/bpf'];
    execFileSync('clang', [...flags, '-c', `native/bpf/${source}`, '-o', object]);
    return object;
}
