/** `guestmem watch`: what happens to a VM's memory, a line for each event. */
import { errors } from '../../common/errors';
import { checkVm } from '../validate';
import { VmDirectory } from '../discovery/vmDirectory';
import { watchVm } from '../events/watchVm';
import { print } from './output';
import { renderWatchLine } from './render/events';
import { toJson } from './render/text';
import type { VerbContext } from './verbs';

export interface WatchOptions {
    readonly seconds?: string;
    readonly jsonl?: true;
}

export async function watchVerb({ pace, signal }: VerbContext, vm: string, options: WatchOptions): Promise<void> {
    const seconds = options.seconds === undefined ? Infinity : Number(options.seconds);
    if (!(seconds > 0)) throw errors.usage(`'${options.seconds ?? ''}' is no time: give seconds, for example 10 or 0.5.`);
    const render = options.jsonl === true ? (line: object) => toJson(line) + '\n' : renderWatchLine;
    await new VmDirectory().withVm(checkVm(vm), pace, async (open) => {
        for await (const line of watchVm(open, seconds, signal)) {
            await print(render(line));
        }
    });
}
