/** How KVM maps the guest's memory (EPT, NPT), as one layer over an address space; a string is why it is not known. */
import type { GuestMappingProblem, VmmProcess } from '../../../native/index';
import { errors } from '../../common/errors';
import type { GuestMapping } from '../../common/model';
import { encodePageDetail } from '../../common/pageState';
import { readChunks } from './chunks';
import { makeLayer, makeMeaning, type Layer } from './layer';
import { unlessRefused } from '../nativeErrors';
import type { Pace } from '../pace';
import { stateBits } from './stateBits';
import type { UnstampedReads } from './unstampedReads';
import type { OpenVm } from '../discovery/vmDirectory';

/** What is mapped nowhere. */
export const notMapped: GuestMapping = { level: 'none', writable: false };

/** By bits of the addon's state. */
const levels = ['none', '4K', '2M', '1G'] as const;
const noted = [null, false, true] as const;

const meaning = makeMeaning(
    stateBits({ guestMapping: notMapped }),
    (state) => stateBits({ guestMapping: { level: levels[state & 3] ?? 'none', writable: (state & 4) !== 0 } }),
    (state) =>
        encodePageDetail({
            executable: (state & 8) !== 0,
            accessed: noted[(state >> 4) & 3] ?? null,
            guestDirty: noted[(state >> 6) & 3] ?? null,
        }),
);

/** Why nothing is told. */
export const mappingProblems: Readonly<Record<GuestMappingProblem['problem'], string>> = {
    shadow: 'KVM maps this VM by its shadow MMU (nested paging or the TDP MMU is off here), whose tables are not read',
    'no-root': 'shadow MMU or nothing mapped yet: KVM has no tables of the TDP MMU for this VM, and this kernel does not tell whether it would use them',
    split: 'this is a TDX VM: the TDX module holds the tables that map its private memory',
    'several-roots': "the VM's vCPUs use several sets of tables, which need not agree",
    'no-direct-map': 'this kernel does not tell where it sees physical memory, so its tables cannot be followed',
    unreadable: 'an entry of the tables points to where no table is',
};

/** Of gfns [first, end). What the processor notes as accessed and dirty changes without pause, and is asked for alone. */
export function readGuestMapping(
    vm: OpenVm,
    addressSpace: number,
    first: number,
    end: number,
    withAccessed: boolean,
    pace: Pace,
    unstamped: UnstampedReads | null,
): Promise<Layer | string> {
    return unlessRefused(async () => {
        const problems: string[] = [];
        const chunks = await readChunks(pace, first, end, (from) => {
            const read = (process: VmmProcess) => process.readGuestMapping(vm.fd, addressSpace, from, end, withAccessed);
            const chunk = unstamped === null ? read(vm.process) : unstamped.read(read);
            if (chunk === null || !('problem' in chunk)) return chunk;
            problems.push(mappingProblems[chunk.problem]);
            return null;
        });
        if (chunks !== null) return makeLayer(chunks, 0, meaning);
        const [problem] = problems;
        if (problem === undefined) throw errors.vmGone(vm.id);
        return problem;
    });
}
