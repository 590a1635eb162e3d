/** The page map as the webview gets it, and whether two of them differ. */
import * as vscode from 'vscode';
import { unpackPageRuns, type PackedPageMap, type PackedPageRuns } from '../common/agentProtocol';
import type { MapEvent } from '../common/mapProtocol';
import { memslotTraits, vmLabel } from './memslotText';
import type { ActiveVm } from './vmStore';

/** Why the map offers no conversion; whether this window may change anything is asked when it tries. */
function convertRefusal({ details }: ActiveVm, addressSpace: number): string | null {
    if (details.capabilities.attributes.length === 0) {
        return vscode.l10n.t('This VM has no private memory: its kernel or its type does not offer it.');
    }
    if (addressSpace !== 0) return vscode.l10n.t('Attributes belong to address space 0.');
    return null;
}

export function mapEvent(active: ActiveVm, map: PackedPageMap): MapEvent {
    const { ref, details } = active;
    const memslots = details.addressSpaces.find(({ id }) => id === map.addressSpace)?.memslots ?? [];
    return {
        type: 'map',
        vm: ref.id,
        title: `${vmLabel(details.vm)} (${ref.id})`,
        addressSpace: map.addressSpace,
        addressSpaces: details.addressSpaces.filter((space) => space.memslots.length > 0).map(({ id }) => id),
        memslots: memslots.map((memslot) => ({
            id: memslot.id,
            gpa: memslot.gpa,
            size: memslot.size,
            internal: memslot.internal,
            flags: memslot.flags,
            description: memslotTraits(memslot).join(', '),
        })),
        runs: unpackPageRuns(map.runs),
        totals: map.totals,
        takenAt: map.takenAt,
        consistent: map.consistent,
        unknown: map.unknown,
        convertRefusal: convertRefusal(active, map.addressSpace),
    };
}

/** What was sent, kept to send nothing twice. */
export interface SentMap {
    readonly runs: PackedPageRuns;
    /** All else but the time. */
    readonly frame: string;
}

export function sentMap(event: MapEvent, map: PackedPageMap): SentMap {
    return { runs: map.runs, frame: JSON.stringify({ ...event, runs: null, takenAt: null }) };
}

export function isSameMap(one: SentMap, other: SentMap): boolean {
    const columns = ['gfns', 'pages', 'memslots', 'states', 'details'] as const;
    return one.frame === other.frame && columns.every((column) => Buffer.compare(one.runs[column], other.runs[column]) === 0);
}
