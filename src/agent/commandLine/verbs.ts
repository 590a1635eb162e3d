/** The verbs that look: each asks a handler and prints its answer for people or as JSON. */
import { unpackPageRuns } from '../../common/packedRuns';
import { addressLimit, formatSize, parseAddress, toHex } from '../../common/address';
import { errors } from '../../common/errors';
import { hexdump } from '../../common/hexdump';
import { parseRange, toWireRange } from '../../common/range';
import type { Handlers } from '../handlers';
import { mapJson } from './jsonStream';
import { readLimit } from '../pages/memoryRead';
import { print, printAll } from './output';
import { readRaw } from './rawRead';
import type { Pace } from '../pace';
import { renderDetails } from './render/details';
import { renderMap } from './render/map';
import { renderDoctor } from './render/doctor';
import { toJson } from './render/text';
import { renderVms } from './render/vms';

export interface VerbContext {
    readonly handlers: Handlers;
    readonly pace: Pace;
    /** Aborts when the user has had enough. */
    readonly signal: AbortSignal;
}

export interface OutputOptions {
    readonly json?: true;
}

export interface AddressOptions extends OutputOptions {
    readonly addressSpace: string;
}

export interface MapOptions extends AddressOptions {
    readonly range?: string;
    readonly accessed?: true;
}

export interface ReadOptions extends OutputOptions {
    readonly raw?: true;
}

/** Prints a report that is small enough to be one text. */
export async function printReport<T>(report: T, { json }: OutputOptions, render: (report: T) => string): Promise<void> {
    await print(json === true ? toJson(report) + '\n' : render(report));
}

export async function doctorVerb({ handlers, pace }: VerbContext, options: OutputOptions): Promise<void> {
    await printReport(await handlers.doctor({}, pace), options, renderDoctor);
}

export async function vmsVerb({ handlers, pace }: VerbContext, options: OutputOptions): Promise<void> {
    await printReport(await handlers.vms({}, pace), options, renderVms);
}

export async function showVerb({ handlers, pace }: VerbContext, vm: string, options: OutputOptions): Promise<void> {
    await printReport(await handlers.show({ vm }, pace), options, renderDetails);
}

export async function mapVerb({ handlers, pace }: VerbContext, vm: string, options: MapOptions): Promise<void> {
    const range = options.range === undefined ? {} : { range: toWireRange(parseRange(options.range)) };
    const accessed = options.accessed === true;
    const map = await handlers.map({ vm, addressSpace: wholeNumber(options.addressSpace, 'address space'), ...range, accessed }, pace);
    const runs = unpackPageRuns(map.runs);
    await printAll(options.json === true ? mapJson(map, runs) : renderMap(map, runs));
}

export async function readVerb(
    { handlers, pace }: VerbContext,
    vm: string,
    gpa: string,
    size: string,
    options: ReadOptions,
): Promise<void> {
    const start = address(gpa);
    const bytes = parseAddress(size);
    if (bytes === undefined) throw errors.usage(`'${size}' is no size: give bytes as hex with 0x, or decimal.`);
    if (start + bytes > addressLimit) throw errors.usage('The bytes to read reach beyond 64 bits.');
    const read = (from: bigint, count: bigint) => handlers.read({ vm, gpa: toHex(from), size: toHex(count) }, pace);
    if (options.raw === true) {
        tellUnread(await readRaw(read, start, bytes));
        return;
    }
    if (bytes > readLimit) throw errors.usage(`At most ${formatSize(readLimit)} at a time; --raw reads any amount.`);
    const answer = await read(start, bytes);
    if (options.json === true) {
        await print(toJson({ ...answer, bytes: Buffer.from(answer.bytes).toString('base64') }) + '\n');
    } else {
        await printAll(lines(hexdump(start, answer.bytes, answer.ranges)));
    }
    tellUnread(answer.ranges.map(({ source }) => source));
}

/** In the bytes themselves nothing shows what was not read. */
function tellUnread(sources: readonly string[]): void {
    if (sources.includes('private')) process.stderr.write('guestmem: parts of the range are private and were not read; they are given as zeros.\n');
    if (sources.includes('unreadable')) process.stderr.write('guestmem: parts of the range could not be read; they are given as zeros.\n');
    if (sources.includes('outside')) process.stderr.write('guestmem: parts of the range have no memslot; they are given as zeros.\n');
}

function* lines(texts: Iterable<string>): Generator<string> {
    for (const text of texts) yield text + '\n';
}

export function address(text: string, what = 'guest physical address'): bigint {
    const value = parseAddress(text);
    if (value === undefined) throw errors.usage(`'${text}' is no ${what}: give hex with 0x, or decimal.`);
    return value;
}

/** `what` is an address space, a memslot or a vCPU. */
export function wholeNumber(text: string, what: string): number {
    if (!/^[0-9]{1,5}$/.test(text)) throw errors.usage(`'${text}' is no ${what}: give a small number.`);
    return Number(text);
}
