import * as vscode from 'vscode';
import { toGuestmemError } from '../../common/errors';
import { parseRange, type GpaRange, type WireRange } from '../../common/range';
import { rangeText } from '../trees/memslotText';

/** Asks for GPA+SIZE and checks it while it is typed; undefined when the user gave up. */
export async function askRange(title: string, proposed: WireRange | undefined): Promise<GpaRange | undefined> {
    const text = await vscode.window.showInputBox({
        title,
        prompt: vscode.l10n.t('A range of guest physical addresses: GPA+SIZE, hex with 0x or decimal, whole pages'),
        placeHolder: '0x1000+0x2000',
        value: proposed === undefined ? '' : rangeText(proposed),
        validateInput: (typed) => {
            if (typed.trim() === '') return vscode.l10n.t('Write a range as GPA+SIZE, for example 0x1000+0x2000.');
            try {
                parseRange(typed.trim());
                return undefined;
            } catch (thrown) {
                return toGuestmemError(thrown).message;
            }
        },
    });
    return text === undefined ? undefined : parseRange(text.trim());
}
