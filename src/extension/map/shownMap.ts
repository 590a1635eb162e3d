/** What the agent tells of an open map, as the webview gets it. */
import * as vscode from 'vscode';
import type { ShownMap } from '../../common/mapMessages';
import type { OpenedMap } from '../../common/openedMap';
import type { MapSource, SourceMap } from './mapSource';
import { memslotTraits } from '../trees/memslotText';

/** Why the map offers no conversion; whether this window may change anything is asked when it tries. */
function convertRefusal({ details, addressSpace }: OpenedMap): string | null {
    if (details.capabilities.attributes.length === 0) {
        return vscode.l10n.t('This VM has no private memory: its kernel or its type does not offer it.');
    }
    if (addressSpace !== 0) return vscode.l10n.t('Attributes belong to address space 0.');
    return null;
}

/** `generation` is the number that the webview knows it by. */
export function shownMap({ opened, subject, title, subtitle, takenAt }: SourceMap, { readOnly }: MapSource, generation: number): ShownMap {
    const { details, addressSpace } = opened;
    const memslots = details.addressSpaces.find(({ id }) => id === addressSpace)?.memslots ?? [];
    return {
        subject,
        generation,
        origin: opened.origin,
        title,
        subtitle,
        addressSpace,
        // A file need not have a map of each.
        addressSpaces: opened.made?.addressSpaces ?? details.addressSpaces.filter((space) => space.memslots.length > 0).map(({ id }) => id),
        memslots: memslots.map((memslot) => ({
            id: memslot.id,
            gpa: memslot.gpa,
            size: memslot.size,
            internal: memslot.internal,
            flags: memslot.flags,
            description: memslotTraits(memslot).join(', '),
        })),
        outside: opened.outside,
        kinds: opened.kinds,
        runs: opened.runs,
        totals: opened.totals,
        takenAt,
        consistent: opened.consistent,
        unknown: opened.unknown,
        made: opened.made,
        convertRefusal: readOnly ?? convertRefusal(opened),
        readOnly,
    };
}
