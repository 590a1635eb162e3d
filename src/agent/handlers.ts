/** What the agent does for each request. The command line calls the same handlers, so both check and answer alike. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { version } from '../../package.json';
import { protocolVersion, type AgentMethod, type AgentMethods } from '../common/agentProtocol';
import { packPageRuns } from '../common/packedRuns';
import type { AnyChangeReport } from '../common/change';
import { GuestmemError } from '../common/errors';
import { makeAccountHandlers } from './account/accountHandlers';
import { changeLogPath, readChanges } from './change/changeLog';
import { changeVm, convertVm, undoLast } from './change/changeVm';
import { checkChange } from './change/checkChange';
import { PreviewedVms } from './change/previewedVms';
import { suspendingSeccomp } from './change/seccompSuspension';
import type { AskClient } from './change/debuggerExecutor';
import { diagnose } from './host/doctor';
import { makeFindingHandlers } from './findings/findingHandlers';
import { checkQuery } from './explain/checkQuery';
import { explainAddress } from './explain/explainAddress';
import { locateAddress } from './explain/locateAddress';
import { readMappedVmDetails } from './details/mappedVmDetails';
import { readGuestMemory, readLimit } from './pages/memoryRead';
import { makeEventHandlers } from './events/eventHandlers';
import { OpenRecordings } from './events/openRecordings';
import { makeMapHandlers } from './maps/mapHandlers';
import { OpenMaps } from './maps/openMaps';
import type { Pace } from './pace';
import { readPageMap, type ReadPageMap } from './pages/pageMap';
import {
    checkAddressSpace,
    checkAttribute,
    checkBytes,
    checkFields,
    checkFlag,
    checkGpa,
    checkRange,
    checkVm,
    type Fields,
} from './validate';
import { makeReplayHandlers } from './replay/replayHandlers';
import { readVmDetails } from './details/vmDetails';
import { VmDirectory, type OpenVm } from './discovery/vmDirectory';

/** `params` are whatever came over the wire. */
export type Handlers = {
    readonly [Method in AgentMethod]: (params: unknown, pace: Pace) => Promise<AgentMethods[Method]['result']>;
};

/**
 * `readMap` reads page maps; an agent, which is asked again and again, has one that keeps them for a while. `askClient`
 * asks whoever sends the requests, if that can be asked.
 */
export function makeHandlers(readMap: ReadPageMap = readPageMap, askClient?: AskClient): Handlers {
    const directory = new VmDirectory();
    const debuggerOf = ({ debugger: offered }: Fields) => (offered !== undefined && checkFlag(offered, 'debugger') ? askClient : undefined);
    const previewed = new PreviewedVms();
    const maps = new OpenMaps();
    const recordings = new OpenRecordings();
    const changing = <Report extends AnyChangeReport>({ vm, suspendSeccomp }: Record<string, unknown>, dryRun: boolean, pace: Pace, change: (open: OpenVm) => Promise<Report>) =>
        directory.withVm(checkVm(vm), pace, (open) => {
            previewed.check(String(vm), open, dryRun);
            return suspendSeccomp === true ? suspendingSeccomp(open, () => change(open)) : change(open);
        });
    return {
        ...makeMapHandlers(directory, readMap, maps),
        ...makeAccountHandlers(directory, readMap),
        ...makeFindingHandlers(directory, readMap, recordings),
        ...makeEventHandlers(directory, readMap, recordings),
        ...makeReplayHandlers(recordings, maps),

        initialize: (params) => {
            const { protocol } = checkFields(params);
            if (protocol !== protocolVersion) {
                throw new GuestmemError(
                    'agent',
                    `This agent (guestmem ${version}) speaks protocol ${protocolVersion}, its client ${String(protocol).slice(0, 20)}: install the same version on both sides.`,
                );
            }
            return Promise.resolve({
                protocol: protocolVersion,
                version,
                hostname: hostname(),
                kernel: readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim(),
                pid: process.pid,
                uid: process.getuid?.() ?? -1,
            });
        },

        doctor: () => Promise.resolve(diagnose()),

        vms: (_params, pace) => directory.list(pace),

        show: (params, pace) => {
            const { vm } = checkFields(params);
            return directory.withVm(
                checkVm(vm),
                pace,
                (open) => readVmDetails(open, pace),
                (mapped) => readMappedVmDetails(mapped, pace),
            );
        },

        map: (params, pace) => {
            const fields = checkFields(params);
            const range = fields['range'] === undefined ? null : checkRange(fields['range']);
            const addressSpace = checkAddressSpace(fields['addressSpace']);
            const withAccessed = fields['accessed'] === undefined ? false : checkFlag(fields['accessed'], 'accessed');
            return directory.withVm(checkVm(fields['vm']), pace, async (open) => {
                const map = await readMap(open, addressSpace, range, withAccessed, pace);
                return { ...map, runs: packPageRuns(map.runs) };
            });
        },

        read: (params, pace) => {
            const fields = checkFields(params);
            const { start, size } = checkBytes(fields['gpa'], fields['size'], readLimit);
            return directory.withVm(checkVm(fields['vm']), pace, (open) => readGuestMemory(open, start, size, pace));
        },

        explain: (params, pace) => {
            const fields = checkFields(params);
            const addressSpace = checkAddressSpace(fields['addressSpace']);
            const gpa = checkGpa(fields['gpa']);
            return directory.withVm(checkVm(fields['vm']), pace, (open) => explainAddress(open, addressSpace, gpa, recordings.ofVm(open.identity), pace));
        },

        locate: (params, pace) => {
            const fields = checkFields(params);
            const query = checkQuery(fields['query']);
            return directory.withVm(checkVm(fields['vm']), pace, (open) => locateAddress(open, query, pace));
        },

        convert: (params, pace) => {
            const fields = checkFields(params);
            const range = checkRange(fields['range']);
            const to = checkAttribute(fields['to']);
            const dryRun = checkFlag(fields['dryRun'], 'dryRun');
            return changing(fields, dryRun, pace, (open) => convertVm(open, range, to, dryRun, pace, debuggerOf(fields)));
        },

        change: (params, pace) => {
            const fields = checkFields(params);
            const change = checkChange(fields['change']);
            const dryRun = checkFlag(fields['dryRun'], 'dryRun');
            return changing(fields, dryRun, pace, (open) => changeVm(open, change, dryRun, pace, debuggerOf(fields)));
        },

        undo: (params, pace) => {
            const fields = checkFields(params);
            const dryRun = checkFlag(fields['dryRun'], 'dryRun');
            const undoes = typeof fields['undoes'] === 'string' ? fields['undoes'] : null;
            return changing(fields, dryRun, pace, (open) => undoLast(open, dryRun, undoes, pace, debuggerOf(fields)));
        },

        changes: (params) => {
            const { vm } = checkFields(params);
            const named = vm === undefined ? undefined : checkVm(vm);
            const id = named === undefined ? undefined : named.fd === null ? `${named.pid}:` : `${named.pid}:${named.fd}`;
            return Promise.resolve({ changes: readChanges(id), path: changeLogPath() });
        },
    };
}
