/** What is said about a .gmem file. */
import { formatSize } from '../../../common/address';
import { snapshotNote } from '../../snapshot/layout';
import type { SnapshotHeader } from '../../snapshot/snapshotHeader';
import { escapeText } from './text';

export interface SnapshotReport {
    readonly vm: string;
    readonly size: number;
    readonly redacted: boolean;
    readonly note: string;
    readonly maps: readonly { readonly addressSpace: number; readonly takenAt: string; readonly consistent: boolean; readonly runs: number }[];
}

export function renderSnapshotReport({ file, size, note, maps }: SnapshotReport & { readonly file: string }): string {
    const lines = maps.map(
        ({ addressSpace, takenAt, consistent, runs }) =>
            `Address space ${addressSpace}: ${runs} runs, ${takenAt}${consistent ? '' : '; the VM kept changing while it was read, so this map mixes its states'}\n`,
    );
    return `${escapeText(file)}: ${formatSize(BigInt(size))}\n${lines.join('')}${note}\n`;
}

export function renderSnapshotOrigin(file: string, { savedAt, guestmemVersion, kernel, redacted }: SnapshotHeader): string {
    return `${file}: saved ${savedAt} by guestmem ${guestmemVersion} on Linux ${kernel}. ${snapshotNote(redacted)}`;
}
