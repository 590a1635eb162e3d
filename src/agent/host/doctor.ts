/**
 * What this host permits, what is missing and how to get it. Each check looks at the thing itself; none needs any
 * privilege, and none compares versions.
 */
import { accessSync, constants, existsSync, readFileSync, readlinkSync } from 'node:fs';
import type { DoctorCheck, DoctorReport } from '../../common/model';
import { toGuestmemError } from '../../common/errors';
import { confidentiality, isLockedDown } from './lockdown';
import { native } from '../native';
import { isNativeError } from '../nativeErrors';
import { missingCapabilities, neededCapabilities } from './privilege';
import { isOwnProc } from '../discovery/processes';
import { parseMaps } from '../discovery/processMaps';

type Finding = Omit<DoctorCheck, 'id'>;

const good = (found: string): Finding => ({ ok: true, found, fix: null });
const bad = (found: string, fix: string): Finding => ({ ok: false, found, fix });

const checks: Readonly<Record<string, () => Finding>> = {
    kvm: checkKvm,
    btf: checkBtf,
    bpf: checkBpf,
    capabilities: checkCapabilities,
    ptrace: checkPtrace,
    lockdown: checkLockdown,
    'pid-namespace': checkPidNamespace,
    'kernel-features': checkKernelFeatures,
};

export function diagnose(): DoctorReport {
    const results = Object.entries(checks).map(([id, check]) => ({ id, ...check() }));
    return { checks: results, ok: results.every(({ ok }) => ok) };
}

/** The content of a small file of the kernel; undefined when it is not there or may not be read. */
function readKernelFile(path: string): string | undefined {
    try {
        return readFileSync(path, 'latin1').trim();
    } catch (thrown) {
        if (thrown instanceof Error && 'errno' in thrown) return undefined;
        throw thrown;
    }
}

function checkKvm(): Finding {
    if (!existsSync('/dev/kvm')) {
        return bad(
            'there is no /dev/kvm, so no KVM VM can run here',
            'sudo modprobe -a kvm_intel kvm_amd (inside a virtual machine, enable nested virtualisation for it first)',
        );
    }
    try {
        accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
        return good('/dev/kvm is there and may be opened');
    } catch (thrown) {
        if (!(thrown instanceof Error && 'errno' in thrown)) throw thrown;
        return good('/dev/kvm is there; this user may not open it, which looking at VMs does not need');
    }
}

function checkBtf(): Finding {
    const kernel = '/sys/kernel/btf/vmlinux';
    if (!existsSync(kernel)) {
        return bad(`there is no ${kernel}: this kernel does not describe its own types`, 'boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (every current distribution has it)');
    }
    if (existsSync('/sys/kernel/btf/kvm')) return good(`${kernel}, and KVM's types in /sys/kernel/btf/kvm`);
    return kernelNames().has('kvm_memory_slot')
        ? good(`${kernel}, KVM's types included`)
        : bad("the kernel's type information does not hold KVM's types", 'sudo modprobe -a kvm_intel kvm_amd, or boot a kernel whose modules have type information (CONFIG_DEBUG_INFO_BTF_MODULES=y)');
}

function checkBpf(): Finding {
    let problem: ReturnType<ReturnType<typeof native>['probeBpf']>;
    try {
        problem = native().probeBpf();
    } catch (thrown) {
        if (isNativeError(thrown)) problem = thrown;
        else return bad(toGuestmemError(thrown).message, 'npm run build');
    }
    if (problem === null) return good('the BPF programs load and pass the verifier');
    if (isLockedDown(problem.log)) return bad(confidentiality.found, confidentiality.fix);
    const isPermission = problem.code === 'EPERM' || problem.code === 'EACCES';
    const lastLines = problem.log?.trim().split('\n').slice(-3).join(' | ');
    return bad(
        `${problem.message}${lastLines === undefined || lastLines === '' ? '' : ` (verifier: ${lastLines})`}`,
        isPermission
            ? 'sudo guestmem doctor (BPF needs cap_bpf, cap_perfmon and cap_syslog; root has them)'
            : 'report this line together with the output of uname -r: the programs do not fit this kernel',
    );
}

function checkCapabilities(): Finding {
    const missing = missingCapabilities();
    if (missing.length === 0) return good(`this process has ${neededCapabilities.map(({ name }) => name).join(', ')}`);
    const reasons = neededCapabilities.filter(({ name }) => missing.includes(name)).map(({ name, why }) => `${name} (${why})`);
    return bad(
        `this process lacks ${reasons.join(', ')}`,
        `sudo guestmem …, or give them to a node of your own: sudo setcap ${neededCapabilities.map(({ name }) => name).join(',')}+ep /path/to/node`,
    );
}

function checkPtrace(): Finding {
    const scope = readKernelFile('/proc/sys/kernel/yama/ptrace_scope');
    const privileged = !missingCapabilities().includes('cap_sys_ptrace');
    switch (scope) {
        case undefined:
            return good('Yama does not restrict ptrace');
        case '0':
            return good('Yama permits tracing processes of the same user (ptrace_scope 0)');
        case '3':
            return bad('Yama forbids all tracing until the next boot (ptrace_scope 3): memory can be seen, but not converted', 'remove kernel.yama.ptrace_scope=3 from /etc/sysctl.d and boot again');
        default:
            return privileged
                ? good(`Yama restricts tracing to privileged processes (ptrace_scope ${scope}), and this one is`)
                : bad(`Yama restricts tracing to privileged processes (ptrace_scope ${scope})`, 'sudo guestmem …, or sudo sysctl kernel.yama.ptrace_scope=0');
    }
}

function checkLockdown(): Finding {
    const text = readKernelFile('/sys/kernel/security/lockdown');
    const mode = text === undefined ? undefined : /\[(\w+)\]/.exec(text)?.[1];
    if (mode === 'confidentiality') {
        return bad(confidentiality.found, confidentiality.fix);
    }
    return good(mode === undefined ? 'no lockdown state is shown (/sys/kernel/security/lockdown)' : `kernel lockdown is in mode ${mode}`);
}

/** The inode of the initial pid namespace (PROC_PID_INIT_INO). */
const initialPidNamespace = 'pid:[4026531836]';

function checkPidNamespace(): Finding {
    if (!isOwnProc()) {
        return bad(
            "/proc shows another pid namespace than this process's own, so that no process can be told",
            "enter that namespace's mounts, too (nsenter --pid --mount), or mount a /proc of this one",
        );
    }
    return readlinkSync('/proc/self/ns/pid') === initialPidNamespace
        ? good('the initial pid namespace: every process is visible')
        : good('a pid namespace of its own: VMs outside of it cannot be seen (containers: start with --pid=host to see all)');
}

function checkKernelFeatures(): Finding {
    const names = kernelNames();
    const features = [
        `guest_memfd ${names.has('kvm_gmem') || names.has('gmem_file') ? 'yes' : 'no'}`,
        `memory attributes ${names.has('mem_attr_array') ? 'yes' : 'no'}`,
        `PAGEMAP_SCAN ${hasPagemapScan()}`,
    ];
    return good(`${features.join(', ')} (what is missing is shown as unknown or not at all)`);
}

/** Looks up whole names in the string tables of the kernel's and KVM's type information. */
function kernelNames(): { has(name: string): boolean } {
    const tables = ['/sys/kernel/btf/vmlinux', '/sys/kernel/btf/kvm'].map((path) => readKernelFile(path) ?? '');
    return { has: (name) => tables.some((table) => table.includes(`\0${name}\0`)) };
}

/** Tried on this very process, which needs no privilege. */
function hasPagemapScan(): string {
    try {
        const page = parseMaps(readFileSync('/proc/self/maps', 'utf8'))[0]?.start ?? 0;
        const self = new (native().VmmProcess)(process.pid);
        try {
            const start = BigInt(page) * 4096n;
            return self.scanPagemap(start, start + 4096n).source === 'PAGEMAP_SCAN' ? 'yes' : 'no';
        } finally {
            self.close();
        }
    } catch (thrown) {
        return `not tried (${toGuestmemError(thrown).message})`;
    }
}
