/** The columns of the table of runs. Those of which nothing is known on this map are left out, as on the command line. */
import { dirtyText, gmemText, guestMappingText, guestUsesText, hvaText } from '../../common/factWords';
import type { MapLayer } from '../../common/mapLayer';
import type { PageRun } from '../../common/model';
import type { PageKind, RunOrder } from '../../common/openedMap';
import { dirtyOf, gmemStateOf, guestLevelOf } from '../../common/pageState';
import { sizeOf, toGpa } from '../controls/describe';
import { t } from '../l10n';
import type { TableRow } from './runRows';

export interface RunColumn {
    readonly label: string;
    /** Null = the table cannot be sorted by it. */
    readonly order: RunOrder | null;
    words(row: TableRow): string;
}

/** What is the same before and after, or the change from one to the other. */
const changing =
    (words: (run: PageRun) => string) =>
    ({ run, before }: TableRow): string => {
        const [after, earlier] = [run === null ? t('nothing') : words(run), before === null ? t('nothing') : before && words(before)];
        return earlier === undefined || earlier === after ? after : `${earlier} → ${after}`;
    };

export function runColumns(layer: MapLayer, kinds: readonly PageKind[]): readonly RunColumn[] {
    const any = (isKnown: (kind: Pick<PageKind, 'state' | 'detail'>) => boolean) =>
        kinds.some((kind) => isKnown(kind) || (kind.before !== undefined && kind.before !== null && isKnown(kind.before)));
    const column = (label: string, order: RunOrder | null, words: RunColumn['words']): RunColumn => ({ label, order, words });
    return [
        column(t('Address'), 'address', ({ extent }) => toGpa(extent.start)),
        column(t('Size'), 'size', ({ extent }) => sizeOf(extent.end - extent.start)),
        column(t('Slot'), 'memslot', changing(({ memslot }) => (memslot === null ? t('none') : String(memslot)))),
        column(t(layer.name), 'class', ({ kind }) => t(layer.classes[layer.classOf(kind)]?.name ?? '')),
        column(t('Attribute'), null, changing(({ attribute }) => attribute)),
        column(t('HVA side'), null, changing(({ hvaBacking }) => hvaText(hvaBacking))),
        ...(any(({ state }) => gmemStateOf(state) !== 'none') ? [column(t('guest_memfd side'), null, changing(({ gmemBacking }) => gmemText(gmemBacking)))] : []),
        column(t('Guest uses'), null, changing(guestUsesText)),
        ...(any(({ state }) => guestLevelOf(state) !== null) ? [column(t('Guest mapping'), null, changing(({ guestMapping }) => guestMappingText(guestMapping)))] : []),
        ...(any(({ state }) => dirtyOf(state) !== null) ? [column(t('Dirty'), null, changing(({ dirty }) => dirtyText(dirty)))] : []),
    ];
}
