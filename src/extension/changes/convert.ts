/** Commands guestmem.memory.convertToPrivate and .convertToShared, from the palette, a memslot or a selection of the map. */
import * as vscode from 'vscode';
import { parseHex } from '../../common/address';
import type { AnyChangeReport } from '../../common/change';
import type { Attribute } from '../../common/model';
import { makeRange, toWireRange } from '../../common/range';
import { resolveVm } from '../activeVm';
import { attributeText } from '../addressText';
import { askRange } from './askRange';
import { changeMemory, heldText, pagesText, type ChangeParts, type ChangeWords } from './changeMemory';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget, type CommandTarget } from '../commandTarget';

function wordsFor(to: Attribute): ChangeWords {
    const { l10n } = vscode;
    const title = to === 'private' ? l10n.t('Convert to Private') : l10n.t('Convert to Shared');
    return {
        title,
        answer: title,
        question: ({ range }) => (to === 'private' ? l10n.t('Convert {0} to private?', range) : l10n.t('Convert {0} to shared?', range)),
        nothingToChange: ({ range }) => l10n.t('Nothing to change: {0} is {1} already.', range, attributeText(to)),
        done: (report) => [l10n.t('{0} converted to {1}.', pagesText(report.pagesChanged), attributeText(to)), heldText(report)].join(' '),
    };
}

async function convert(parts: ChangeParts, to: Attribute, target: CommandTarget): Promise<AnyChangeReport | undefined> {
    if (!(await parts.guard.permit())) return undefined;
    const active = await resolveVm(parts.store, target);
    const words = wordsFor(to);
    const range =
        target.range === undefined
            ? await askRange(words.title, parts.map.selection)
            : makeRange(parseHex(target.range.gpa) ?? 0n, parseHex(target.range.size) ?? 0n);
    if (range === undefined) return undefined;
    return changeMemory(parts, active, words, (agent, params, options) =>
        agent.request('convert', { ...params, range: toWireRange(range), to }, options),
    );
}

/** The commands' results are the reports, for other extensions. */
export function registerConvert(parts: ChangeParts, boundary: CommandBoundary): vscode.Disposable {
    return vscode.Disposable.from(
        boundary.register('guestmem.memory.convertToPrivate', (argument) => convert(parts, 'private', parseTarget(argument))),
        boundary.register('guestmem.memory.convertToShared', (argument) => convert(parts, 'shared', parseTarget(argument))),
    );
}
