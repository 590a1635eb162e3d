/** Which VM the view Guest Memory Events is about: the active one, or after its end the one whose recording is still there. */
import type { EventsSubject } from '../../common/eventsViewMessages';
import { memslotTraits, vmLabel } from '../trees/memslotText';
import { isSame, type ActiveVm, type VmStore } from '../vmStore';
import type { Recordings } from './recordings';

export class ShownVm {
    private last: ActiveVm | undefined;

    constructor(
        private readonly store: VmStore,
        private readonly recordings: Recordings,
    ) {}

    get now(): ActiveVm | undefined {
        const { active } = this.store;
        if (active !== undefined) this.last = active;
        else if (this.last !== undefined && this.recordings.stateOf(this.last.ref) === undefined) this.last = undefined;
        return this.last;
    }

    /** Recordings of VMs that have ended take memory, and only the VM that is shown can still be looked at. */
    async discardUnreachable(): Promise<void> {
        const { now } = this;
        for (const ref of this.recordings.vms) {
            if (!this.store.isGone(ref) || (now !== undefined && isSame(now.ref, ref))) continue;
            await this.recordings.discard(ref);
        }
    }
}

export function eventsSubject(shown: ActiveVm, store: VmStore, recordings: Recordings): EventsSubject {
    const { ref, details } = shown;
    const recording = recordings.stateOf(ref) ?? null;
    return {
        id: JSON.stringify([ref.place, ref.id, recording?.recording ?? null, recording?.since ?? null]),
        title: `${vmLabel(details.vm)} (${ref.id})`,
        memslots: (details.addressSpaces.find(({ id }) => id === 0)?.memslots ?? []).map((memslot) => ({
            id: memslot.id,
            gpa: memslot.gpa,
            size: memslot.size,
            hva: memslot.hva,
            guestMemfd: memslot.guestMemfd,
            description: memslotTraits(memslot).join(', '),
        })),
        recording,
        isActive: store.active !== undefined,
    };
}
