/** What an access by the guest would come to now, in sentences. */
import type { Attribute, PageFacts } from '../model';
import type { AccessOutcome, Explanation, Sentence } from './explanation';

type Told = PageFacts & Pick<Explanation, 'accesses' | 'decidedBy'>;

const source = "derived from the facts, as KVM's fault handler does";

export function accessSentences(facts: Told): Sentence[] {
    const { accesses, decidedBy } = facts;
    const { read, write } = accesses.shared;
    // Where nothing can be private there is but one kind of access.
    const name = decidedBy === 'nobody' ? 'An access by the guest' : 'A shared access by the guest';
    const shared = same(read, write)
        ? `${name} ${outcomeText(facts, 'shared', read)}.`
        : `${name} that reads ${outcomeText(facts, 'shared', read)}; one that writes ${outcomeText(facts, 'shared', write)}.`;
    const ofShared: Sentence = { about: 'shared-access', source, text: shared };
    if (decidedBy === 'nobody') return [ofShared];
    return [{ about: 'private-access', source, text: `A private access by the guest ${outcomeText(facts, 'private', accesses.private.read)}.` }, ofShared];
}

const same = (one: AccessOutcome, other: AccessOutcome): boolean => one.result === other.result && one.side === other.side && one.allocates === other.allocates;

function outcomeText({ run, memslot, decidedBy }: Told, access: Attribute, { result, side, allocates, flags }: AccessOutcome): string {
    switch (result) {
        case 'memory': {
            const name = side === 'hva' ? 'HVA' : 'guest_memfd';
            const first = { hva: 'is faulted in at the HVA first', guest_memfd: 'is allocated in the guest_memfd first' }[side ?? 'hva'];
            if (allocates === true) return `reaches a page that ${first}`;
            return allocates === false ? `reaches the page of the ${name} side` : `reaches the ${name} side`;
        }
        case 'memory-fault':
            return `ends KVM_RUN with EFAULT and exit reason MEMORY_FAULT, flags ${flags ?? '0x0'}, ${whyMemoryFault(run.attribute, memslot !== null, access)}`;
        case 'efault':
            return "ends KVM_RUN with EFAULT (or exits as MMIO where KVM emulates the instruction): the VMM's mapping does not permit it";
        case 'mmio':
            return memslot === null
                ? 'is emulated: by KVM where it has a device there, else it exits to the VMM as MMIO'
                : 'exits to the VMM as MMIO, since the memslot is read-only';
        case 'refused':
            return 'does not leave its processor';
        case 'impossible':
            return decidedBy === 'nobody' ? 'is not possible: this VM has no private memory' : `is not possible now: in such a VM the attribute decides, and it says ${run.attribute}`;
    }
}

function whyMemoryFault(attribute: Attribute, hasMemslot: boolean, access: Attribute): string {
    if (access !== attribute) return `since KVM has the page as ${attribute}`;
    return hasMemslot ? 'since the memslot has no guest_memfd' : 'since no memslot is there, and MMIO must be shared';
}
