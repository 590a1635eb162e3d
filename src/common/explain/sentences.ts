/**
 * An explanation in sentences, the answer first: the same in the hover, on the page and on a terminal. Pure; whoever shows
 * them escapes what others chose (paths, names of processes).
 */
import { parseHex, toHex } from '../address';
import { dirtyText, hvaText, scopeText, whyNotLargerText } from '../factWords';
import type { HvaBacking, Memslot, PageFacts } from '../model';
import { accessSentences } from './accessSentences';
import { holderSentences } from './holderSentences';
import type { AddressFacts, Explanation, Sentence } from './explanation';
import { usualRegion } from './usualRegions';

type Told = PageFacts & Omit<Explanation, 'sentences'>;

export function sentencesOf(facts: Told): Sentence[] {
    return [
        owner(facts),
        ...backing(facts),
        ...guestView(facts),
        ...hostView(facts),
        ...size(facts),
        ...accessSentences(facts),
        ...faults(facts),
        ...changes(facts),
        ...holderSentences(facts),
    ];
}

const memslotSource = 'struct kvm_memory_slot';

function owner(facts: PageFacts): Sentence {
    const { kind, memslot, gpa } = facts;
    const address = parseHex(gpa) ?? 0n;
    const usual = usualRegion(address);
    const about = 'owner';
    if (kind === 'unreachable') {
        return { about, source: 'CPUID of the vCPUs', text: "Nothing: the address is wider than the guest's physical addresses, so its processor refuses it." };
    }
    if (memslot === null) {
        const there = usual === null ? '' : ` PC machines usually have ${usual} there.`;
        return { about, source: memslotSource, text: `MMIO: no memslot is at ${gpa}, so neither HVA nor guest_memfd backs it.${there}` };
    }
    const place = `memslot ${memslot.id} (${memslot.gpa}+${memslot.size}), ${toHex(address - (parseHex(memslot.gpa) ?? 0n))} into it`;
    const there = usual === null ? '' : ` PC machines usually have ${usual} there.`;
    const what = kind === 'rom' ? 'ROM' : 'Memory';
    return { about, source: memslotSource, text: `${what}: ${place}.${madeByKvm(memslot)}${there}` };
}

/** KVM_USER_MEM_SLOTS and the two after it. */
const internalSlots: Readonly<Record<number, string>> = {
    32764: 'the task state segment for real mode (KVM_SET_TSS_ADDR)',
    32765: 'the page for APIC accesses',
    32766: 'the identity page table (KVM_SET_IDENTITY_MAP_ADDR)',
};

function madeByKvm({ id, internal }: Memslot): string {
    if (!internal) return '';
    const use = internalSlots[id];
    return ` KVM made this memslot itself${use === undefined ? '' : `, for ${use}`}.`;
}

function backing({ memslot, hva, guestMemfd, run, onePage }: PageFacts & Pick<Explanation, 'onePage'>): Sentence[] {
    if (memslot === null) return [];
    const about = 'backing';
    const sentences: Sentence[] = [];
    if (!memslot.gmemOnly || run.hvaBacking.state !== 'none') {
        const kind = memslot.backing === null ? 'what the VMM has mapped there is not known' : `${kindName(memslot.backing.kind)}${memslot.backing.path === null ? '' : ` ${memslot.backing.path}`}`;
        sentences.push({ about, source: '/proc/PID/maps and the page table of the VMM', text: `HVA side: ${hva ?? 'none'}, ${kind}; ${hvaText(run.hvaBacking)}.` });
    }
    if (guestMemfd !== null) {
        const { inode, fd, offset } = guestMemfd;
        const found = { none: 'no page', absent: 'no page is allocated', allocated: 'a page is allocated, not yet prepared', prepared: 'a page is there, prepared' };
        const state = run.gmemBacking.state === null ? 'whether a page is there is not known' : found[run.gmemBacking.state];
        sentences.push({ about, source: 'page cache of the guest_memfd', text: `guest_memfd side: inode ${inode}${fd < 0 ? '' : ` (fd ${fd})`}, offset ${offset}; ${state}.` });
    } else if (memslot.flags.includes('guest-memfd')) {
        sentences.push({ about, source: memslotSource, text: 'The memslot has a guest_memfd, which cannot be looked at: no process seen here has a file descriptor of it.' });
    } else {
        sentences.push({ about, source: memslotSource, text: 'The memslot has no guest_memfd, so nothing can back it as private memory.' });
    }
    if (onePage === true) sentences.push({ about, source: '/proc/PID/maps', text: 'The HVA maps the same guest_memfd at the same offset: both sides are one physical page.' });
    if (onePage === false) {
        const content = 'The two sides are different physical pages: a conversion moves the guest from one to the other and copies nothing.';
        sentences.push({ about, source: '/proc/PID/maps', text: content });
    }
    return sentences;
}

const kindName = (kind: NonNullable<Memslot['backing']>['kind']): string =>
    ({
        anonymous: 'anonymous memory',
        memfd: 'a memfd',
        shmem: 'shared memory',
        hugetlb: 'hugetlb memory',
        file: 'the file',
        guest_memfd: 'a guest_memfd',
        device: 'the device',
        unmapped: 'where nothing is mapped',
        mixed: 'memory of several kinds',
    })[kind];

/** What the guest would see. */
function guestView({ kind, memslot, run }: PageFacts): Sentence[] {
    const about = 'guest';
    const attribute = run.scope === 'none' ? 'Nothing can be private here' : `KVM has the page as ${run.attribute}, as ${scopeText(run.scope)} says`;
    const source = { vm: 'kvm->mem_attr_array', guest_memfd: 'the guest_memfd', none: 'struct kvm_arch' }[run.scope];
    if (kind === 'unreachable') return [];
    if (memslot === null) return run.scope === 'none' ? [] : [{ about, source, text: `${attribute}.` }];
    return [{ about, source, text: `${attribute}; ${guestContent(run, memslot.backing?.kind)}.` }];
}

function guestContent({ guestUses, hvaBacking, gmemBacking }: PageFacts['run'], kind?: NonNullable<Memslot['backing']>['kind']): string {
    if (guestUses === 'none') return 'the guest sees nothing: no guest_memfd is there for private memory';
    if (guestUses === 'guest_memfd') {
        if (gmemBacking.state === 'prepared') return "the guest sees the guest_memfd's page";
        if (gmemBacking.state === null) return 'the guest sees the guest_memfd side';
        return 'the guest sees the guest_memfd side, where its first access finds a page of zeros (or what the VMM populates)';
    }
    if (hvaBacking.state === 'present') return 'the guest sees what the VMM has at the HVA';
    if (hvaBacking.state === 'zero') return 'the guest sees zeros from the HVA side, until somebody writes';
    if (hvaBacking.state === 'absent' && hvaBacking.rights === null) return 'the guest sees nothing: the VMM has nothing mapped at the HVA';
    if (hvaBacking.state === 'absent' && kind === 'anonymous') return 'the guest sees zeros: its first access brings in a page at the HVA';
    return 'the guest sees what its first access brings in at the HVA, from the file or from swap';
}

/** What the host would see through the HVA. */
function hostView({ memslot, hva, run, onePage }: PageFacts & Pick<Explanation, 'onePage'>): Sentence[] {
    if (memslot === null || hva === null) return [];
    const { hvaBacking, guestUses } = run;
    const sentence = (text: string): Sentence[] => [{ about: 'host', source: '/proc/PID/maps and the page table of the VMM', text }];
    if (hvaBacking.state === 'none') return [];
    if (hvaBacking.state === null) return sentence(`What the host would see at HVA ${hva} is not known.`);
    if (hvaBacking.rights === null) return sentence(`Through HVA ${hva} the host sees nothing: nothing is mapped there, and a touch ends in SIGSEGV.`);
    if (!hvaBacking.rights.startsWith('r')) return sentence(`Through HVA ${hva} the host sees nothing: the mapping forbids reading, and a touch ends in SIGSEGV.`);
    return sentence(`Through HVA ${hva} the host sees ${hostContent(hvaBacking)}${sameAsGuest(guestUses, onePage)}.`);
}

function hostContent({ state }: HvaBacking): string {
    if (state === 'present') return 'a page';
    return state === 'zero' ? 'zeros' : 'no page yet: its first touch brings one in';
}

function sameAsGuest(guestUses: PageFacts['run']['guestUses'], onePage: boolean | null): string {
    if (guestUses === 'hva' || (guestUses === 'guest_memfd' && onePage === true)) return ', the same as the guest';
    return guestUses === 'guest_memfd' && onePage === false ? ', which is not what the guest uses' : '';
}

function size({ memslot, run }: PageFacts): Sentence[] {
    const { guestMapping, dirty } = run;
    const about = 'size';
    const source = "page tables of KVM's TDP MMU";
    if (guestMapping === null || memslot === null) return [];
    if (guestMapping.level === 'none') return [{ about, source, text: 'KVM has nothing mapped for the guest now: its next access faults into KVM.' }];
    const rights = `${guestMapping.writable ? 'writable' : 'read-only'}${guestMapping.executable ? ', executable' : ''}`;
    const why = whyNotLargerText(run);
    const reason = why === '' ? '' : why === 'nothing is against it' ? '; nothing is against a larger page, but a mapping stays as it is' : ` and not larger since ${why}`;
    const logged = dirty === null ? '' : ` In the dirty log: ${dirtyText(dirty)}.`;
    return [{ about, source, text: `KVM maps it for the guest with a ${guestMapping.level} page (${rights})${reason}.${logged}` }];
}

function faults({ faults }: Told): Sentence[] {
    return faults.map(({ vcpu, gpa, size, access }) => ({
        about: 'exits' as const,
        source: 'struct kvm_run',
        text: `vCPU ${vcpu} last exited with MEMORY_FAULT here: a ${access} access to ${gpa}+${size} (flags ${access === 'private' ? '0x8' : '0x0'}).`,
    }));
}

const changes = ({ changes }: Pick<AddressFacts, 'changes'>): Sentence[] =>
    changes.map(({ time, text, source }) => ({ about: 'changes' as const, source, text: `${time}: ${text}.` }));
