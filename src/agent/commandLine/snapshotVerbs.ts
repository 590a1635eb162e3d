/** The verbs about page maps in files: to save one, to open one, to compare two. */
import { version } from '../../../package.json';
import { protocolVersion } from '../../common/agentProtocol';
import { unpackPageRuns } from '../../common/packedRuns';
import { errors } from '../../common/errors';
import type { PageRuns } from '../../common/pageRuns';
import { compareRuns } from '../snapshot/compareRuns';
import { snapshotNote } from '../snapshot/layout';
import { mainChanges, type PageChange } from '../snapshot/pageChanges';
import { redactDetails, redactUnknown, withoutRegisters } from '../snapshot/redaction';
import { readSnapshotFile, writeSnapshotFile } from '../snapshot/snapshotFile';
import type { SnapshotHeader, SnapshotMapHeader } from '../snapshot/snapshotHeader';
import type { Snapshot } from '../snapshot/snapshotReader';
import { writeSnapshot } from '../snapshot/snapshotWriter';
import { totalsOf } from '../pages/pageTotals';
import { comparisonJson, type ComparedSide } from './comparisonJson';
import { mapJson } from './jsonStream';
import { print, printAll } from './output';
import { renderComparison } from './render/comparison';
import { renderDetails } from './render/details';
import { renderMap } from './render/map';
import { renderSnapshotOrigin, renderSnapshotReport, type SnapshotReport } from './render/snapshot';
import { escapeText } from './render/text';
import { printReport, wholeNumber, type OutputOptions, type VerbContext } from './verbs';

export interface SnapshotOptions extends OutputOptions {
    readonly addressSpace?: string;
    readonly redact?: true;
    readonly force?: true;
}

export interface CompareOptions extends OutputOptions {
    readonly addressSpace: string;
    readonly all?: true;
}

export async function snapshotVerb(context: VerbContext, vm: string, file: string, options: SnapshotOptions): Promise<void> {
    if (file !== '-') {
        let report: SnapshotReport | undefined;
        await writeSnapshotFile(file, options.force === true, async (put) => {
            report = await saveSnapshot(context, vm, options, put);
        });
        if (report !== undefined) await printReport({ file, ...report }, options, renderSnapshotReport);
        return;
    }
    if (process.stdout.isTTY) throw errors.usage('A snapshot is not written to a terminal: name a file, or send the output to one.');
    if (options.json === true) throw errors.usage('--json tells of the file, and with - the file itself is the output: give one of both.');
    const report = await saveSnapshot(context, vm, options, print);
    process.stderr.write(`guestmem: ${report.note}\n`);
}

async function saveSnapshot({ handlers, pace }: VerbContext, vm: string, options: SnapshotOptions, put: (bytes: Uint8Array) => Promise<void>) {
    const { kernel } = await handlers.initialize({ protocol: protocolVersion }, pace);
    const details = withoutRegisters(await handlers.show({ vm }, pace));
    const redacted = options.redact === true;
    const spaces =
        options.addressSpace !== undefined
            ? [wholeNumber(options.addressSpace, 'address space')]
            : details.addressSpaces.filter(({ id, memslots }) => id === 0 || memslots.length > 0).map(({ id }) => id);
    const maps: SnapshotMapHeader[] = [];
    const runs: PageRuns[] = [];
    for (const addressSpace of spaces) {
        const map = await handlers.map({ vm: details.vm.id, addressSpace }, pace);
        const { takenAt, consistent, unknown } = map;
        maps.push({ addressSpace, takenAt, consistent, unknown: redacted ? redactUnknown(unknown) : unknown, runs: map.runs.count });
        runs.push(unpackPageRuns(map.runs));
    }
    const header: SnapshotHeader = {
        guestmemVersion: version,
        kernel,
        savedAt: new Date().toISOString(),
        redacted,
        details: redacted ? redactDetails(details) : details,
        maps,
    };
    let size = 0;
    for (const bytes of writeSnapshot(header, (map) => runs.slice(map, map + 1))) {
        size += bytes.length;
        await put(bytes);
        pace.throwIfCancelled();
    }
    const mapReports = maps.map(({ addressSpace, takenAt, consistent, runs: count }) => ({ addressSpace, takenAt, consistent, runs: count }));
    return { vm: details.vm.id, size, redacted, note: snapshotNote(redacted), maps: mapReports };
}

/** `show` and `map` are of a VM or of a file. */
export interface FileOptions {
    readonly file?: string;
}

export function ofVmOrFile(vm: string | undefined, { file }: FileOptions, ofVm: (vm: string) => Promise<void>, ofFile: (file: string) => Promise<void>): Promise<void> {
    if (file !== undefined && vm === undefined) return ofFile(file);
    if (file === undefined && vm !== undefined) return ofVm(vm);
    throw errors.usage(vm === undefined ? "Name a VM, as 'guestmem vms' lists them, or a snapshot with --file." : `Name either the VM ${vm} or, with --file, a snapshot.`);
}

export async function showFileVerb({ pace }: VerbContext, file: string, options: OutputOptions): Promise<void> {
    const { header } = await openFile(file, pace);
    await printReport(header.details, options, renderDetails);
}

export async function mapFileVerb({ pace }: VerbContext, file: string, options: OutputOptions & { readonly addressSpace: string }): Promise<void> {
    const snapshot = await openFile(file, pace);
    const { runs, map } = mapOf(snapshot, file, wholeNumber(options.addressSpace, 'address space'));
    const { addressSpace, takenAt, consistent, unknown } = map;
    const told = { vm: snapshot.header.details.vm.id, addressSpace, takenAt, consistent, totals: totalsOf(runs), unknown };
    await printAll(options.json === true ? mapJson(told, runs) : renderMap(told, runs));
}

/** Each side is a VM, as `guestmem vms` lists it, or a file. */
export async function compareVerb(context: VerbContext, before: string, after: string, options: CompareOptions): Promise<void> {
    const addressSpace = wholeNumber(options.addressSpace, 'address space');
    const sides = [await sideOf(context, before, addressSpace), await sideOf(context, after, addressSpace)] as const;
    const main: readonly PageChange[] = mainChanges;
    const compared = compareRuns(sides[0].runs, sides[1].runs, (change) => options.all === true || main.includes(change));
    await printAll((options.json === true ? comparisonJson : renderComparison)(addressSpace, sides[0], sides[1], compared));
}

async function sideOf({ handlers, pace }: VerbContext, text: string, addressSpace: number): Promise<ComparedSide> {
    if (/^[0-9]+(:(0x)?[0-9a-f]+)?$/.test(text)) {
        const map = await handlers.map({ vm: text, addressSpace }, pace);
        return { source: text, ...map, runs: unpackPageRuns(map.runs) };
    }
    const snapshot = await readSnapshotFile(text, pace);
    const { map, runs } = mapOf(snapshot, text, addressSpace);
    return { source: text, vm: snapshot.header.details.vm.id, ...map, runs };
}

/** Says on stderr what the file is. */
async function openFile(file: string, pace: VerbContext['pace']): Promise<Snapshot> {
    const snapshot = await readSnapshotFile(file, pace);
    process.stderr.write(`guestmem: ${escapeText(renderSnapshotOrigin(file, snapshot.header))}\n`);
    return snapshot;
}

function mapOf({ header, runs }: Snapshot, file: string, addressSpace: number): { map: SnapshotMapHeader; runs: PageRuns } {
    const index = header.maps.findIndex((map) => map.addressSpace === addressSpace);
    const [map, its] = [header.maps[index], runs[index]];
    if (map !== undefined && its !== undefined) return { map, runs: its };
    const held = header.maps.map((each) => each.addressSpace).join(', ');
    throw errors.usage(`The snapshot ${file} has no address space ${addressSpace}: it has ${held}.`);
}
