/** What each file of this folder that is about a kind of finding exports: it looks at the state alone, and never at the VM's pages. */
import type { Finding } from '../../common/finding';
import type { MemoryState, VmState } from './vmState';

/** What it cannot tell it adds to `state.unknown`. */
export type Detector = (state: VmState) => Finding[] | Promise<Finding[]>;

/** One that has nothing to say of a VM without memslots. */
export const ofMemory =
    (detect: (memory: MemoryState, state: VmState) => Finding[] | Promise<Finding[]>): Detector =>
    (state) =>
        state.memory === null ? [] : detect(state.memory, state);
