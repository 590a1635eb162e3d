/** Which executor makes an ioctl: a thread that is held for it or, where a debugger holds all of them, that debugger. */
import type { InjectOutcome } from '../../../native/index';
import { GuestmemError } from '../../common/errors';
import type { SlotRow } from '../details/memslots';
import type { OpenVm } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import { DebuggerExecutor, type AskClient } from './debuggerExecutor';
import type { IoctlExecutor } from './ioctlExecutor';
import { findInjectionRefusal, refusalError } from './preparedChange';

/** Refuses what none can do now; nothing is stopped to find out. `client` has a debugger that may hold the VMM. */
export async function chooseExecutor(vm: OpenVm, tried: string, client: AskClient | undefined, pace: Pace): Promise<IoctlExecutor> {
    const refusal = findInjectionRefusal(vm, tried);
    if (refusal === null) return new Injection(vm);
    if (refusal.reason === 'traced' && client !== undefined) return DebuggerExecutor.prepare(vm, tried, client, pace);
    const error = refusalError(vm, tried, refusal);
    throw refusal.reason === 'traced' ? new GuestmemError(error.code, `${error.message} ${otherWay}`, error.data) : error;
}

const otherWay = 'Or hold the VMM by a debug session of VS Code (gdb, cppdbg, CodeLLDB or lldb-dap): in its window the change goes through the debugger.';

class Injection implements IoctlExecutor {
    readonly name = 'inject';
    readonly warnings = [];

    constructor(private readonly vm: OpenVm) {}

    setMemoryAttributes(gpa: bigint, size: bigint, attributes: number): Promise<InjectOutcome> {
        const { process, fd, identity } = this.vm;
        return Promise.resolve(process.setMemoryAttributes(fd, identity, gpa, size, attributes));
    }

    setDirtyLogging(slot: SlotRow, on: boolean): Promise<InjectOutcome> {
        const { process, fd, identity } = this.vm;
        const gpa = BigInt(slot.gfn) << 12n;
        const size = BigInt(slot.end - slot.gfn) << 12n;
        const flags = slot.readonly ? 2 : 0;
        return Promise.resolve(process.setDirtyLogging(fd, identity, slot.addressSpace, slot.id, flags, gpa, size, slot.hva, on));
    }
}
