/** What a recording costs the host is said, and agreed to, before the first one there. */
import { hostname } from 'node:os';
import * as vscode from 'vscode';
import { placeLabel } from '../connection/places';

const agreedKey = 'guestmem.agreedToRecord';

/** Also the view says it, beside its button. */
export const costOfRecording = (): string =>
    vscode.l10n.t('While memory events are recorded, every process of that host is slowed a little: each of its system calls takes about 0.2 to 0.3 µs longer. It ends when the recording is stopped.');

/** Asks once for each place; a place of the same name means another one from another host. */
export async function agreesToRecord(agreed: vscode.Memento, place: string): Promise<boolean> {
    const { l10n, window } = vscode;
    const places = agreed.get<readonly string[]>(agreedKey, []);
    const asked = JSON.stringify([hostname(), place]);
    if (places.includes(asked)) return true;
    const start = l10n.t('Record');
    const detail = costOfRecording();
    const chosen = await window.showInformationMessage(l10n.t('Record memory events on “{0}”?', placeLabel(place)), { modal: true, detail }, start);
    if (chosen !== start) return false;
    await agreed.update(agreedKey, [...places, asked]);
    return true;
}
