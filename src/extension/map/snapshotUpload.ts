/** Sends a .gmem file, wherever VS Code has it from, to an agent, which opens it. */
import * as vscode from 'vscode';
import { GuestmemError } from '../../common/errors';
import { snapshotPartBytes } from '../../common/mapMethods';
import type { OpenedMap } from '../../common/openedMap';
import type { AgentClient } from '../connection/agentClient';
import type { Waiting } from './mapSource';

/** Beyond what any snapshot that is opened can have. */
const largestFile = 1 << 30;

/** For people: the last part of its path. */
export const fileName = (uri: vscode.Uri): string => uri.path.slice(uri.path.lastIndexOf('/') + 1);

/** `addressSpace` null = the first that the file has. */
export async function openSnapshot(agent: AgentClient, uri: vscode.Uri, addressSpace: number | null, waiting?: Waiting): Promise<OpenedMap> {
    const bytes = await readFile(uri);
    let upload: number | null = null;
    for (let at = 0; ; at += snapshotPartBytes) {
        const last = at + snapshotPartBytes >= bytes.length;
        const part = bytes.subarray(at, at + snapshotPartBytes);
        const token = waiting === undefined ? {} : { token: waiting.token };
        const answer: { upload: number; opened: OpenedMap | null } = await agent.request('openSnapshot', { upload, part, last, addressSpace }, token);
        if (answer.opened !== null) return answer.opened;
        upload = answer.upload;
        waiting?.report(at + part.length, bytes.length);
    }
}

async function readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { l10n, workspace } = vscode;
    const refused = (message: string) => new GuestmemError('snapshot', message);
    try {
        const { size } = await workspace.fs.stat(uri);
        if (size > largestFile) throw refused(l10n.t('The file {0} has {1} bytes, more than any snapshot: choose a file that Guestmem saved.', fileName(uri), size));
        return await workspace.fs.readFile(uri);
    } catch (thrown) {
        if (thrown instanceof GuestmemError) throw thrown;
        const found = thrown instanceof Error ? thrown.message : String(thrown);
        throw refused(l10n.t('The file {0} could not be read: {1}', fileName(uri), found));
    }
}
