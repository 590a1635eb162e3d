/** The verbs that change a VM: nothing changes before the preview was shown and answered, or `--yes` was given. */
import { createInterface } from 'node:readline/promises';
import { parseAddress, toHex } from '../../common/address';
import type { AnyChangeReport, Change } from '../../common/change';
import { errors, GuestmemError } from '../../common/errors';
import { parseRange, toWireRange } from '../../common/range';
import { renderChange, renderChanges } from './render/changes';
import { checkAttribute } from '../validate';
import { printReport, wholeNumber, type OutputOptions, type VerbContext } from './verbs';

export interface ChangeOptions extends OutputOptions {
    readonly dryRun?: true;
    readonly yes?: true;
    readonly suspendSeccomp?: true;
}

/** Only where it was asked for: the agent takes an absent field for no. */
const leave = ({ suspendSeccomp }: ChangeOptions) => (suspendSeccomp === true ? { suspendSeccomp } : {});

export interface PreFaultOptions extends ChangeOptions {
    readonly vcpu?: string;
}

export interface LogDirtyPagesOptions extends ChangeOptions {
    readonly addressSpace: string;
}

const rangeOf = (text: string) => toWireRange(parseRange(text));

export function convertVerb(context: VerbContext, vm: string, range: string, to: string, options: ChangeOptions): Promise<void> {
    const params = { vm, range: rangeOf(range), to: checkAttribute(to), ...leave(options) };
    return confirmed(options, (dryRun) => context.handlers.convert({ ...params, dryRun }, context.pace));
}

export function allocationVerb(context: VerbContext, kind: 'allocate' | 'punch', vm: string, range: string, options: ChangeOptions): Promise<void> {
    return changeVerb(context, vm, { kind, ranges: [rangeOf(range)] }, options);
}

export function preFaultVerb(context: VerbContext, vm: string, range: string, options: PreFaultOptions): Promise<void> {
    const vcpu = options.vcpu === undefined ? null : wholeNumber(options.vcpu, 'vCPU');
    return changeVerb(context, vm, { kind: 'pre-fault', range: rangeOf(range), vcpu }, options);
}

export function writeVerb(context: VerbContext, vm: string, gpa: string, bytes: string, options: ChangeOptions): Promise<void> {
    const address = parseAddress(gpa);
    if (address === undefined) throw errors.usage(`'${gpa}' is no guest physical address: give hex with 0x, or decimal.`);
    if (!/^([0-9a-fA-F]{2})+$/.test(bytes)) throw errors.usage(`'${bytes.slice(0, 80)}' are no bytes: give pairs of hex digits, for example 90cc.`);
    return changeVerb(context, vm, { kind: 'write', gpa: toHex(address), bytes: Buffer.from(bytes, 'hex').toString('base64') }, options);
}

export function logDirtyPagesVerb(context: VerbContext, vm: string, memslot: string, on: string, options: LogDirtyPagesOptions): Promise<void> {
    if (on !== 'on' && on !== 'off') throw errors.usage(`'${on}' is neither 'on' nor 'off'.`);
    const addressSpace = wholeNumber(options.addressSpace, 'address space');
    return changeVerb(context, vm, { kind: 'log-dirty-pages', addressSpace, memslot: wholeNumber(memslot, 'memslot'), on: on === 'on' }, options);
}

export function undoVerb({ handlers, pace }: VerbContext, vm: string, options: ChangeOptions): Promise<void> {
    // What is undone is what the preview showed.
    let shown: { undoes?: string } = {};
    return confirmed(options, async (dryRun) => {
        const report = await handlers.undo({ vm, dryRun, ...shown, ...leave(options) }, pace);
        shown = { undoes: report.undoes };
        return report;
    });
}

export async function changesVerb({ handlers, pace }: VerbContext, vm: string | undefined, options: OutputOptions): Promise<void> {
    await printReport(await handlers.changes(vm === undefined ? {} : { vm }, pace), options, renderChanges);
}

function changeVerb({ handlers, pace }: VerbContext, vm: string, change: Change, options: ChangeOptions): Promise<void> {
    return confirmed(options, (dryRun) => handlers.change({ vm, change, dryRun, ...leave(options) }, pace));
}

async function confirmed(options: ChangeOptions, request: (dryRun: boolean) => Promise<AnyChangeReport>): Promise<void> {
    const mayAsk = process.stdin.isTTY && process.stderr.isTTY;
    if (options.dryRun !== true && options.yes !== true && !mayAsk) {
        throw errors.usage('A change needs an answer on a terminal, and there is none: give --yes, or --dry-run to see what it would do.');
    }
    if (options.yes !== true) {
        const preview = await request(true);
        if (options.dryRun === true || preview.pagesChanged === 0) {
            await printReport({ ...preview, dryRun: options.dryRun === true }, options, renderChange);
            return;
        }
        if (!(await confirm(renderChange(preview)))) throw new GuestmemError('cancelled', 'Nothing was changed.');
    }
    await printReport(await request(false), options, renderChange);
}

/** Asks on the terminal, beside whatever stdout is; anything but yes is no. */
async function confirm(preview: string): Promise<boolean> {
    process.stderr.write(preview);
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
        const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
        const answer = await Promise.race([terminal.question('Make this change? [y/N] '), closed]);
        return /^y(es)?$/i.test(answer.trim());
    } finally {
        terminal.close();
    }
}
