/**
 * The record of all changes: one JSON line for what is begun and one for what came of it, in a file that only the user
 * whom the agent runs as can read. It is what `guestmem undo` goes back by.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { ChangeRecord, ChangeReport } from '../../common/change';
import { GuestmemError } from '../../common/errors';
import { readStartTime } from '../discovery/processes';
import type { OpenVm } from '../discovery/vmDirectory';
import { RecordFiles } from './recordFiles';

/** Bytes. */
const largestFile = 16 << 20;

/** As the XDG base directories have it, where a path that is not absolute does not count. */
export function changeLogPath(): string {
    const state = process.env['XDG_STATE_HOME'] ?? '';
    return join(isAbsolute(state) ? state : join(homedir(), '.local/state'), 'guestmem/changes.jsonl');
}

/**
 * The changes of a VM, or all, oldest first; "PID:" names all VMs of a process. A line that is none (half written when the
 * machine stopped) is left out.
 */
export function readChanges(vm?: string): ChangeRecord[] {
    // What cannot be the VM's is not parsed: the record may be long.
    const lines = vm === undefined ? readLines() : readLines().filter((line) => line.includes(`"vm":"${vm}`));
    const records = withoutAnswered(lines.map(parseRecord).filter((record) => record !== undefined));
    return vm === undefined ? records : records.filter((record) => (vm.endsWith(':') ? record.vm.startsWith(vm) : record.vm === vm));
}

/** The changes of this very VM that were made, at least in part, or begun, oldest first. */
export const changesOf = (vm: OpenVm): ChangeRecord[] => recordsOf(vm).filter(({ result }) => result !== 'refused');

/** The last conversion of this very VM, also one that was refused when it was to be made. */
export const lastConversion = (vm: OpenVm): ChangeRecord | undefined =>
    recordsOf(vm).findLast(({ change, result }) => (change === 'convert' || change === 'restore') && result !== 'begun');

function recordsOf(vm: OpenVm): ChangeRecord[] {
    const { boot, processStart, vmSerial } = identityOf(vm);
    return readChanges(vm.id).filter((record) => record.boot === boot && record.processStart === processStart && record.vmSerial === vmSerial);
}

type RecordedIdentity = Pick<ChangeRecord, 'vm' | 'command' | 'boot' | 'processStart' | 'vmSerial'>;

/** Numbers of processes and descriptors come again, ticks since boot with the next boot. */
function identityOf(vm: OpenVm): RecordedIdentity {
    return {
        vm: vm.id,
        command: vm.summary.command,
        boot: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
        processStart: readStartTime(vm.process.pid) ?? '',
        vmSerial: vm.record.serial,
    };
}

export class ChangeLog {
    private readonly identity: RecordedIdentity;

    constructor(vm: OpenVm) {
        this.identity = identityOf(vm);
    }

    /** Throws when the record cannot be written: what is not recorded is not begun. */
    begin(preview: ChangeReport): void {
        this.write({ ...this.entry(preview), result: 'begun', message: null });
    }

    done(report: ChangeReport): void {
        this.write({ ...this.entry(report), result: 'done', message: null });
    }

    failed(preview: ChangeReport, error: GuestmemError): void {
        const partial = error.code === 'partial-change';
        const report = partial ? { ...preview, ...(error.data as Partial<ChangeReport>) } : { ...preview, pagesChanged: 0, undo: null };
        this.write({ ...this.entry(report), result: partial ? 'partial' : 'refused', message: error.message, code: error.code });
    }

    private entry({ change, range, executor, pagesChanged, stoppedMicroseconds, seccompSuspensions, undo }: ChangeReport) {
        const suspensions = seccompSuspensions === undefined ? {} : { seccompSuspensions };
        return { time: new Date().toISOString(), ...this.identity, change, range, executor, pagesChanged, stoppedMicroseconds, ...suspensions, undo };
    }

    private write(record: ChangeRecord): void {
        const path = changeLogPath();
        try {
            new RecordFiles(path, largestFile).append(JSON.stringify(record));
        } catch (thrown) {
            const cause = thrown instanceof Error ? thrown.message : String(thrown);
            throw new GuestmemError('not-permitted', `Changes are recorded in ${path}, which cannot be written: ${cause}. Make room there, or set XDG_STATE_HOME to a folder that can.`, { path });
        }
    }
}

/** Only one change of a VM is under way at a time, so the next record of the VM tells what came of one that was begun. */
function withoutAnswered(records: readonly ChangeRecord[]): ChangeRecord[] {
    const answered = new Set<string>();
    const kept: ChangeRecord[] = [];
    for (const record of [...records].reverse()) {
        const key = [record.vm, record.boot, record.processStart, record.vmSerial].join(' ');
        if (record.result === 'begun' && answered.has(key)) answered.delete(key);
        else kept.push(record);
        if (record.result !== 'begun') answered.add(key);
    }
    return kept.reverse();
}

function readLines(): string[] {
    const path = changeLogPath();
    try {
        return new RecordFiles(path, largestFile).lines();
    } catch (thrown) {
        const cause = thrown instanceof Error ? thrown.message : String(thrown);
        throw new GuestmemError('not-permitted', `The record of changes in ${path} cannot be read: ${cause}. Set XDG_STATE_HOME to the folder that holds it.`, { path });
    }
}

function parseRecord(line: string): ChangeRecord | undefined {
    if (!line.endsWith('}')) return undefined;
    try {
        const record = JSON.parse(line) as Partial<ChangeRecord>;
        return typeof record.vm === 'string' && typeof record.result === 'string' ? (record as ChangeRecord) : undefined;
    } catch (thrown) {
        if (thrown instanceof SyntaxError) return undefined;
        throw thrown;
    }
}
