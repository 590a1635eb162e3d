/**
 * What an access by the guest would come to now, derived from the state of its page as KVM's fault handler derives it:
 * first whether the access fits the attribute, then whether a memslot is there, then which side backs it and whether that
 * side gives a page.
 */
import type { Attribute, PageFacts } from '../model';
import type { AccessDecider, Accesses, AccessOutcome, AccessPrediction } from './explanation';

/** KVM_MEMORY_EXIT_FLAG_PRIVATE */
const privateFlag = '0x8';

export const predictAccesses = (facts: PageFacts, decidedBy: AccessDecider): Accesses => ({
    private: predict(facts, decidedBy, 'private'),
    shared: predict(facts, decidedBy, 'shared'),
});

const nothing = { side: null, allocates: null, flags: null };
const withoutPage = (result: 'efault' | 'mmio' | 'refused' | 'impossible'): AccessOutcome => ({ ...nothing, result });
const memoryFault = (access: Attribute): AccessOutcome => ({ ...nothing, result: 'memory-fault', flags: access === 'private' ? privateFlag : '0x0' });
const both = (outcome: AccessOutcome): AccessPrediction => ({ read: outcome, write: outcome });

function predict(facts: PageFacts, decidedBy: AccessDecider, access: Attribute): AccessPrediction {
    const { kind, memslot, run } = facts;
    if (kind === 'unreachable') return both(withoutPage('refused'));
    if (decidedBy === 'nobody' && access === 'private') return both(withoutPage('impossible'));
    if (decidedBy === 'attribute' && access !== run.attribute) return both(withoutPage('impossible'));
    if (decidedBy === 'guest' && access !== run.attribute) return both(memoryFault(access));
    if (memslot === null) return both(access === 'private' ? memoryFault(access) : withoutPage('mmio'));
    if (run.guestUses === 'none') return both(memoryFault(access));
    const read = run.guestUses === 'guest_memfd' ? throughGuestMemfd(facts) : throughHva(facts, 'r');
    if (kind === 'rom') return { read, write: withoutPage('mmio') };
    return { read, write: run.guestUses === 'guest_memfd' ? read : throughHva(facts, 'w') };
}

function throughGuestMemfd({ run: { gmemBacking } }: PageFacts): AccessOutcome {
    const { state } = gmemBacking;
    return { result: 'memory', side: 'guest_memfd', allocates: state === null ? null : state === 'absent', flags: null };
}

function throughHva({ run: { hvaBacking } }: PageFacts, right: 'r' | 'w'): AccessOutcome {
    if (hvaBacking.state === 'none') return withoutPage('efault');
    const reached: AccessOutcome = { result: 'memory', side: 'hva', allocates: null, flags: null };
    if (hvaBacking.state === null) return reached;
    // A state without rights: nothing is mapped at the HVA.
    if (hvaBacking.rights?.includes(right) !== true) return withoutPage('efault');
    return { ...reached, allocates: hvaBacking.state === 'zero' ? right === 'w' : hvaBacking.state !== 'present' };
}
