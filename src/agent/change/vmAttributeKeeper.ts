/** Attributes that the VM keeps: KVM_SET_MEMORY_ATTRIBUTES, which KVM takes only from inside the VMM. */
import { formatSize, toHex } from '../../common/address';
import type { Executor, KernelTime } from '../../common/change';
import { errors, GuestmemError } from '../../common/errors';
import type { Attribute } from '../../common/model';
import { slotRows } from '../details/memslots';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { privateAttribute, walkAttributes, type AttributeWalk } from '../pages/attributeWalk';
import type { Window } from '../pages/window';
import type { AttributeKeeper } from './attributeKeeper';
import { chooseExecutor } from './chooseExecutor';
import { estimateKernelTime, type PlannedPiece } from './conversionTime';
import { conversionWarnings } from './conversionWarnings';
import type { AskClient } from './debuggerExecutor';
import type { IoctlExecutor } from './ioctlExecutor';
import { requireDone } from './preparedChange';

/** Pages without memslot that one conversion may cover, 4 GiB: the hole below 4 GiB, not a digit too many. */
const outsideLimit = 2 ** 20;

export class VmAttributeKeeper implements AttributeKeeper {
    private chosen: IoctlExecutor | undefined;
    private readonly slots;

    constructor(private readonly vm: OpenVm) {
        this.slots = slotRows(vm.record.memslots);
    }

    get executor(): Executor {
        return this.chosen?.name ?? 'inject';
    }

    /** All windows together: a run that is restored may itself lie where no memslot is. */
    require(windows: readonly Window[], range: string): void {
        const insideOf = (addressSpace: number) =>
            this.slots
                .filter((slot) => slot.addressSpace === addressSpace)
                .reduce((sum, slot) => windows.reduce((pages, { gfn, end }) => pages + Math.max(0, Math.min(slot.end, end) - Math.max(slot.gfn, gfn)), sum), 0);
        // Attributes belong to the VM: the memslots of any address space make them meaningful.
        const inside = Math.max(...Array.from({ length: this.vm.record.addressSpaces }, (_, addressSpace) => insideOf(addressSpace)));
        if (inside === 0) throw errors.outsideMemslots(range);
        const outside = windows.reduce((sum, { gfn, end }) => sum + end - gfn, 0) - inside;
        if (outside > outsideLimit) {
            throw new GuestmemError(
                'outside-memslots',
                `${formatSize(BigInt(outside) << 12n)} of ${range} have no memslot. Attributes there cost the kernel memory for every page, so no more than ${formatSize(BigInt(outsideLimit) << 12n)} of them are converted at a time. Name the parts that have memslots.`,
                { range, outside: toHex(BigInt(outside) << 12n) },
            );
        }
    }

    parts(window: Window): readonly Window[] {
        return [window];
    }

    read({ gfn, end }: Window, pace: Pace): Promise<AttributeWalk> {
        return walkAttributes(this.vm, gfn, end, this.slots, pace);
    }

    async check(client: AskClient | undefined, pace: Pace): Promise<readonly string[]> {
        this.chosen = await chooseExecutor(this.vm, `Changing memory attributes inside the VMM ${this.vm.process.pid}`, client, pace);
        return this.chosen.warnings;
    }

    kernelTime(pieces: Iterable<PlannedPiece>): KernelTime | string {
        return estimateKernelTime(this.vm, pieces);
    }

    async set({ gfn, end }: Window, to: Attribute): Promise<number> {
        const gpa = BigInt(gfn) << 12n;
        const size = BigInt(end - gfn) << 12n;
        const tried = `KVM_SET_MEMORY_ATTRIBUTES on ${toHex(gpa)}+${toHex(size)} inside the VMM ${this.vm.process.pid}`;
        const attributes = to === 'private' ? privateAttribute : 0;
        if (this.chosen === undefined) throw new Error('pages are set before it was checked whether they can be');
        return requireDone(this.vm, tried, await this.chosen.setMemoryAttributes(gpa, size, attributes));
    }

    warnings(changed: readonly Window[], to: Attribute): readonly string[] {
        return conversionWarnings(changed, this.slots, this.vm.summary.type, to);
    }
}
