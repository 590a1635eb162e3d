/** `guestmem convert`: nothing changes before the preview was shown and answered, or `--yes` was given. */
import { createInterface } from 'node:readline/promises';
import { errors, GuestmemError } from '../common/errors';
import { parseRange, toWireRange } from '../common/range';
import { renderConversion } from './render/reports';
import { checkAttribute } from './validate';
import { printReport, type OutputOptions, type VerbContext } from './verbs';

export interface ConvertOptions extends OutputOptions {
    readonly dryRun?: true;
    readonly yes?: true;
}

export async function convertVerb(
    { handlers, pace }: VerbContext,
    vm: string,
    range: string,
    to: string,
    options: ConvertOptions,
): Promise<void> {
    const params = { vm, range: toWireRange(parseRange(range)), to: checkAttribute(to) };
    const mayAsk = process.stdin.isTTY && process.stderr.isTTY;
    if (options.dryRun !== true && options.yes !== true && !mayAsk) {
        throw errors.usage('A change needs an answer on a terminal, and there is none: give --yes, or --dry-run to see what it would do.');
    }
    const preview = options.yes === true ? null : await handlers.convert({ ...params, dryRun: true }, pace);
    if (preview !== null) {
        if (options.dryRun === true || preview.pagesChanged === 0) {
            await printReport({ ...preview, dryRun: options.dryRun === true }, options, renderConversion);
            return;
        }
        if (!(await confirm(renderConversion(preview)))) {
            throw new GuestmemError('cancelled', 'Nothing was changed.');
        }
    }
    await printReport(await handlers.convert({ ...params, dryRun: false }, pace), options, renderConversion);
}

/** Asks on the terminal, beside whatever stdout is; anything but yes is no. */
async function confirm(preview: string): Promise<boolean> {
    process.stderr.write(preview);
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
        const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
        const answer = await Promise.race([terminal.question('Convert? [y/N] '), closed]);
        return /^y(es)?$/i.test(answer.trim());
    } finally {
        terminal.close();
    }
}
