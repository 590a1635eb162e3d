/** What can go wrong with a recording on this side of the wire, in the user's language. */
import * as vscode from 'vscode';
import { GuestmemError } from '../../common/errors';

export const recordingErrors = {
    none: () =>
        new GuestmemError('usage', vscode.l10n.t("This VM's memory events are not recorded. Record them first (Guestmem: Record Memory Events).")),

    /** A recording is in the memory of its agent. */
    lostWithAgent: (why: GuestmemError) =>
        new GuestmemError(
            why.code,
            vscode.l10n.t('The recording of memory events is gone, since the agent that held it has ended. Record again for new events. ({0})', why.message),
            why.data,
        ),
};
