/** What the agent tells of an open map, as the webview gets it. */
import * as vscode from 'vscode';
import { unpackPageRuns } from '../common/agentProtocol';
import type { MapEvent, RunRow, ShownMap } from '../common/mapMessages';
import type { PackedRunList, PackedTile } from '../common/mapMethods';
import type { MapTile } from '../common/mapTiles';
import type { OpenedMap } from '../common/openedMap';
import { pageRunAt } from '../common/pageRuns';
import { isDoubleBacked } from '../common/pageState';
import { memslotTraits, vmLabel } from './memslotText';
import type { VmRef } from './vmStore';

/** Why the map offers no conversion; whether this window may change anything is asked when it tries. */
function convertRefusal({ details, addressSpace }: OpenedMap): string | null {
    if (details.capabilities.attributes.length === 0) {
        return vscode.l10n.t('This VM has no private memory: its kernel or its type does not offer it.');
    }
    if (addressSpace !== 0) return vscode.l10n.t('Attributes belong to address space 0.');
    return null;
}

export function shownMap(ref: VmRef, opened: OpenedMap): ShownMap {
    const { details, addressSpace } = opened;
    const memslots = details.addressSpaces.find(({ id }) => id === addressSpace)?.memslots ?? [];
    return {
        subject: `${ref.place} ${ref.id}`,
        generation: opened.generation,
        origin: opened.origin,
        title: `${vmLabel(details.vm)} (${ref.id})`,
        subtitle: null,
        addressSpace,
        addressSpaces: details.addressSpaces.filter((space) => space.memslots.length > 0).map(({ id }) => id),
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
        takenAt: opened.takenAt,
        consistent: opened.consistent,
        unknown: opened.unknown,
        made: opened.made,
        convertRefusal: convertRefusal(opened),
        readOnly: null,
    };
}

/** A map is sent again only when something but its time differs. */
export const frameOf = (map: ShownMap): string => JSON.stringify({ ...map, takenAt: null });

/** Checks the lengths, since the other side is not trusted, and copies into aligned columns. */
export function unpackTile(level: number, { index, offsets, classes, pages }: PackedTile): MapTile {
    // Not bytes.slice(): that of a Node Buffer is a view of all the bytes around it.
    const aligned = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;
    return {
        level,
        index,
        offsets: new Uint32Array(aligned(offsets)),
        classes: new Uint8Array(aligned(classes)),
        pages: new Float64Array(aligned(pages)),
    };
}

export function tilesEvent(generation: number, layer: string, level: number, tiles: readonly PackedTile[]): MapEvent {
    return { type: 'tiles', generation, layer, tiles: tiles.map((tile) => unpackTile(level, tile)) };
}

/** The first run of a list; null where there is none. */
export function firstRow(list: PackedRunList | null): RunRow | null {
    if (list === null || list.runs.count === 0) return null;
    const runs = unpackPageRuns(list.runs);
    return { run: pageRunAt(runs, 0), doubleBacked: isDoubleBacked(runs.states[0] ?? 0), before: null };
}
