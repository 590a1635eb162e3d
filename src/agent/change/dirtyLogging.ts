/** Has KVM log which pages of a memslot are written, or stops it: KVM_SET_USER_MEMORY_REGION inside the VMM. */
import { toHex } from '../../common/address';
import type { Change, OtherChangeReport } from '../../common/change';
import { errors, GuestmemError } from '../../common/errors';
import { slotRows, type SlotRow } from '../details/memslots';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { chooseExecutor } from './chooseExecutor';
import type { AskClient } from './debuggerExecutor';
import type { IoctlExecutor } from './ioctlExecutor';
import { partialChange, requireDone, UncertainChange, type PreparedChange } from './preparedChange';

export async function prepareDirtyLogging(
    vm: OpenVm,
    { addressSpace, memslot, on }: Extract<Change, { kind: 'log-dirty-pages' }>,
    pace: Pace,
    client?: AskClient,
): Promise<PreparedChange<OtherChangeReport>> {
    const slot = slotRows(vm.record.memslots).find((row) => row.addressSpace === addressSpace && row.id === memslot);
    if (slot === undefined) {
        throw new GuestmemError('outside-memslots', `The VM ${vm.id} has no memslot ${memslot} in address space ${addressSpace}.`, { memslot, addressSpace });
    }
    const tried = `Changing the dirty logging of memslot ${memslot}`;
    if (slot.internal) throw errors.unsupported(tried, 'KVM made this memslot itself');
    if (slot.hasGuestMemfd) throw errors.unsupported(tried, 'KVM does not change memslots with a guest_memfd');
    const pages = slot.end - slot.gfn;
    const already = slot.logsDirtyPages === on;
    const executor = already ? null : await chooseExecutor(vm, tried, client, pace);
    const preview: OtherChangeReport = {
        change: 'log-dirty-pages',
        executor: executor?.name ?? 'inject',
        range: `${toHex(BigInt(slot.gfn) << 12n)}+${toHex(BigInt(pages) << 12n)}`,
        pagesChanged: already ? 0 : pages,
        pagesAlready: already ? pages : 0,
        warnings: executor === null ? [] : [...executor.warnings, ...warningsFor(vm, on)],
        stoppedMicroseconds: 0,
        dryRun: true,
        undo: already ? null : { kind: 'log-dirty-pages', addressSpace, memslot, on: !on },
    };
    return {
        preview,
        execute: () => (executor === null ? Promise.resolve({ ...preview, dryRun: false }) : change(vm, preview, slot, executor, tried, on)),
    };
}

function warningsFor(vm: OpenVm, on: boolean): string[] {
    const warnings = ['The VMM is not told: what it does to this memslot next may set the flag as it was.'];
    if (on) warnings.push('KVM maps this memory by single pages while it logs, and each first write to a page exits to KVM: the guest is slower.');
    else warnings.push('A migration or a display of the VMM that relies on the log would miss what the guest writes from now on.');
    if (vm.record.dirtyRingSize > 0) warnings.push('This VM logs into dirty rings, which only the VMM empties: a full ring stops its vCPU until then.');
    return warnings;
}

async function change(
    vm: OpenVm,
    preview: OtherChangeReport,
    slot: SlotRow,
    executor: IoctlExecutor,
    tried: string,
    on: boolean,
): Promise<OtherChangeReport> {
    try {
        return { ...preview, stoppedMicroseconds: await setLogging(vm, slot, executor, tried, on), dryRun: false };
    } catch (thrown) {
        if (!(thrown instanceof UncertainChange)) throw thrown;
        // It may have been done: the record keeps the way back.
        const stoppedMicroseconds = Math.round(thrown.stoppedMicroseconds);
        throw partialChange({ ...preview, pagesChanged: 0, stoppedMicroseconds, dryRun: false }, preview.pagesChanged, thrown);
    }
}

async function setLogging(vm: OpenVm, slot: SlotRow, executor: IoctlExecutor, tried: string, on: boolean): Promise<number> {
    // The memslot as it is now: the VMM may have moved it since the preview.
    const current = vm.process.readVm(vm.fd);
    if (current?.vm !== vm.identity) throw errors.vmGone(vm.id);
    const now = slotRows(current.memslots).find((row) => row.addressSpace === slot.addressSpace && row.id === slot.id);
    if (now?.gfn !== slot.gfn || now.end !== slot.end || now.hva !== slot.hva || now.readonly !== slot.readonly) {
        throw new GuestmemError('outside-memslots', `Memslot ${slot.id} is no longer what the preview showed. Look again.`, { memslot: slot.id });
    }
    const outcome = await executor.setDirtyLogging(now, on);
    return Math.round(requireDone(vm, `${tried} (KVM_SET_USER_MEMORY_REGION)`, outcome));
}
