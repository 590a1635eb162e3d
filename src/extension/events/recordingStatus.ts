/** Status bar: that VMs are being recorded, which slows their hosts; a click stops. */
import * as vscode from 'vscode';
import type { CommandId } from '../../common/manifest';
import type { CommandTarget } from '../commandTarget';
import type { Recordings } from './recordings';

export function registerRecordingStatus(recordings: Recordings): vscode.Disposable {
    const { l10n, window, StatusBarAlignment } = vscode;
    const item = window.createStatusBarItem('guestmem.recording', StatusBarAlignment.Left, 9.8);
    item.name = l10n.t('Guestmem: Recording');
    const update = () => {
        const { running } = recordings;
        const [vm] = running;
        if (vm === undefined) {
            item.hide();
            return;
        }
        item.text = running.length === 1 ? l10n.t('$(record) Recording events') : l10n.t('$(record) Recording events of {0} VMs', running.length);
        item.tooltip = l10n.t('Memory events of {0} are recorded, which slows each system call of the host a little. Click to stop.', running.map(({ id }) => id).join(', '));
        item.accessibilityInformation = { label: item.tooltip };
        item.command = { title: item.tooltip, command: 'guestmem.events.stop' satisfies CommandId, arguments: [{ vm } satisfies CommandTarget] };
        item.show();
    };
    return vscode.Disposable.from(item, recordings.onDidChange(update));
}
