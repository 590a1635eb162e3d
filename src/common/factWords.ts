/**
 * The facts of the model in words, the same on a terminal, in the hover and on the map. Pure; whoever prints them
 * escapes what came from elsewhere.
 */
import type { AddressFacts } from './explain/explanation';
import type { AttributeScope, GmemBacking, GuestMapping, GuestMemfd, HvaBacking, LargerPageObstacle, Memslot, PageRun, Unknown, VmSummary } from './model';

export const notKnownText = 'not known';

/** Who decides private or shared. */
export const scopeText = (scope: AttributeScope): string =>
    ({ vm: 'the VM', guest_memfd: 'the guest_memfd', none: 'nobody' })[scope];

export function attributeText({ attribute, scope }: Pick<PageRun, 'attribute' | 'scope'>): string {
    return scope === 'none' ? `${attribute}: nothing can be private here` : `${attribute}, decided by ${scopeText(scope)}`;
}

export const kindText = (kind: AddressFacts['kind']): string =>
    ({
        memory: 'memory',
        rom: 'ROM: the guest reads it, a write exits to the VMM',
        mmio: 'MMIO: no memslot, so every access exits to the VMM',
        unreachable: "none: wider than the guest's physical addresses, which its processor refuses",
    })[kind];

export function hvaText(backing: HvaBacking): string {
    if (backing.state === 'none') return 'none';
    return [hvaStateText(backing), ...(backing.rights === null ? [] : [backing.rights])].join(', ');
}

function hvaStateText(backing: Exclude<HvaBacking, { state: 'none' }>): string {
    if (backing.state === null) return notKnownText;
    if (backing.state === 'present') {
        const size = backing.pageSize === null ? '' : `${backing.pageSize} page `;
        return size + (backing.mapped ? 'mapped by the VMM' : 'in the file, not mapped by the VMM');
    }
    return { absent: 'no page', swapped: 'swapped out', zero: 'the zero page' }[backing.state];
}

export function gmemText(backing: GmemBacking): string {
    if (backing.state === 'allocated' || backing.state === 'prepared') {
        const node = backing.node === null ? '' : `, NUMA node ${backing.node}`;
        return (backing.state === 'prepared' ? 'prepared' : 'allocated, not yet prepared') + node;
    }
    return backing.state === null ? notKnownText : backing.state === 'absent' ? 'no page' : 'none';
}

export function guestMappingText(mapping: GuestMapping | null): string {
    if (mapping === null) return notKnownText;
    if (mapping.level === 'none') return 'none: the next access by the guest faults into KVM';
    const { writable, executable, accessed, dirty } = mapping;
    return [
        mapping.level,
        writable ? 'writable' : 'read-only',
        ...(executable ? ['executable'] : []),
        ...(accessed === null ? [] : [accessed ? 'accessed' : 'not accessed']),
        ...(dirty === null ? [] : [dirty ? 'dirty' : 'not dirty']),
    ].join(', ');
}

export const obstacleText = (obstacle: LargerPageObstacle): string =>
    ({
        misaligned: 'the GPA lies differently within a large page than the memory behind it',
        'slot-edge': 'a large page would reach over the edge of the memslot',
        'mixed-attributes': 'a large page would be partly private, partly shared',
        'dirty-logging': 'KVM logs dirty pages one by one',
        'host-page': 'the page behind it is not larger',
        disallowed: 'KVM counts a reason of its own against it (disallow_lpage)',
        'nx-huge-pages': 'the guest may execute the page, and KVM lets it execute no large ones (nx_huge_pages)',
    })[obstacle];

/** Empty where there is nothing to say: the guest maps nothing, or a page of the largest size. */
export function whyNotLargerText({ whyNotLarger, guestMapping }: Pick<PageRun, 'whyNotLarger' | 'guestMapping'>): string {
    if (whyNotLarger === null || guestMapping?.level === '1G') return '';
    return whyNotLarger.map(obstacleText).join('; ') || 'nothing is against it';
}

/** Which of its copies the guest reaches, and what becomes of its access where there is none. */
export function guestUsesText({ guestUses, memslot }: Pick<PageRun, 'guestUses' | 'memslot'>): string {
    if (guestUses === 'hva') return 'the HVA side';
    if (guestUses === 'guest_memfd') return 'the guest_memfd side';
    return memslot === null ? 'neither' : 'neither: its access ends KVM_RUN (MEMORY_FAULT), for no guest_memfd is there';
}

export function doubleBackedText({ doubleBacked, run }: Pick<AddressFacts, 'doubleBacked' | 'run'>): string {
    const { hvaBacking, gmemBacking, guestUses } = run;
    const both = hvaBacking.state === 'present' && (gmemBacking.state === 'allocated' || gmemBacking.state === 'prepared');
    if (!doubleBacked) return both ? 'no: both sides are the same page' : 'no';
    const unused = guestUses === 'hva' ? 'guest_memfd' : 'HVA';
    return guestUses === 'none' ? 'yes' : `yes: the page of the ${unused} side takes memory, and the guest does not use it`;
}

/**
 * What the guest may do with the page by its memslot, and the VMM by its mapping. Where the guest uses the HVA side it
 * needs both: without the mapping's leave KVM_RUN fails with EFAULT, or exits for MMIO where KVM emulates the
 * instruction. Empty where there is no mapping to compare with.
 */
export function rightsText(memslot: Pick<Memslot, 'flags'>, run: Pick<PageRun, 'hvaBacking' | 'guestUses'>): string {
    const { hvaBacking, guestUses } = run;
    if (hvaBacking.state === 'none' || hvaBacking.rights === null) return '';
    const readonly = memslot.flags.includes('readonly');
    const both = `memslot ${readonly ? 'read-only' : 'writable'}, VMM ${hvaBacking.rights}`;
    if (guestUses !== 'hva') return both;
    if (!hvaBacking.rights.startsWith('r')) return `${both}, so the guest cannot use it: KVM_RUN ends`;
    return readonly || hvaBacking.rights[1] === 'w' ? both : `${both}, so the guest cannot write: KVM_RUN ends`;
}

export const dirtyText = (dirty: boolean | null): string =>
    dirty === null ? notKnownText : dirty ? 'yes, in the dirty log' : 'no';

/** Why a guest_memfd that is leaked is of no use; through a mapping it cannot be read what is bound. */
export const leakReasonText = ({ bindings }: Pick<GuestMemfd, 'bindings'>, heldBy: VmSummary['heldBy']): string =>
    bindings.length === 0 && heldBy !== 'mapping' ? 'no memslot is bound to it' : 'nothing is left that could run its VM';

/** Why nothing is known where KVM does not log; completed by where that is. */
export const loggedOnly = 'KVM logs dirty pages only where a memslot has the flag KVM_MEM_LOG_DIRTY_PAGES,';

/** Nothing failed and nothing is in doubt: KVM was not asked to keep this. */
export const isNotKept = ({ field, reason }: Unknown): boolean => field === 'dirty' && reason.startsWith(loggedOnly);

/** What `field` of an entry in `unknown` names. */
export function fieldText(field: string): string {
    return fieldNames[field] ?? field;
}

const fieldNames: Record<string, string | undefined> = {
    addressSpaces: 'memslots',
    'addressSpaces.memslots.backing': 'what backs the memslots',
    'addressSpaces.memslots.guestMemfd': 'guest_memfd',
    attribute: 'attribute',
    capabilities: 'memory attributes',
    dirty: 'dirty pages',
    gmemBacking: 'guest_memfd side',
    guestMapping: 'guest mapping',
    guestMemfds: 'guest_memfds',
    'guestMemfds.bindings': 'what is bound to a guest_memfd',
    'guestMemfds.directMap': 'direct map of a guest_memfd',
    'guestMemfds.flags': 'flags of a guest_memfd',
    'guestMemfds.hostMappings': 'mappings of guest_memfds',
    'guestMemfds.nodes': 'NUMA nodes of a guest_memfd',
    'guestMemfds.unbound': 'what is unbound of a guest_memfd',
    changes: 'changes',
    holders: 'holders',
    'holders.folios': 'references of a page',
    'holders.mappedBy': 'who maps a page',
    'holders.possible': 'who could hold a page',
    kind: 'kind',
    hva: 'what is at the HVA',
    hvaBacking: 'HVA side',
    'hvaBacking.pageSize': 'page size of the HVA side',
    memory: 'memory',
    pfn: 'where the host physical page is',
    run: 'run',
    vcpus: 'vCPUs',
    'vcpus.cr3': 'CR3',
    'vcpus.exit': 'last exit',
    'vcpus.rip': 'RIP',
    vm: 'vCPUs, memory and type of the VM',
    'vm.type': 'VM type',
    vms: 'VMs',
    whyNotLarger: 'why not larger',
};
