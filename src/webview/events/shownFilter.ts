/** What the view shows of a recording, and how. It survives a reload of the webview; it comes back as untyped JSON. */
import { eventKinds } from '../../common/eventWords';
import type { MemoryEventKind } from '../../common/memoryEvents';
import { timeModes, type TimeMode } from './eventTime';

export interface ShownFilter {
    /** None = all. */
    readonly kinds: readonly MemoryEventKind[];
    /** As typed. */
    readonly range: string;
    readonly failed: boolean;
    readonly time: TimeMode;
    readonly follows: boolean;
}

export const firstFilter: ShownFilter = { kinds: [], range: '', failed: false, time: 'clock', follows: true };

export function parseShownFilter(saved: unknown): ShownFilter {
    if (typeof saved !== 'object' || saved === null) return firstFilter;
    const { kinds, range, failed, time, follows } = saved as Record<string, unknown>;
    return {
        kinds: Array.isArray(kinds) ? eventKinds.filter((kind) => kinds.includes(kind)) : [],
        range: typeof range === 'string' ? range : '',
        failed: failed === true,
        time: timeModes.find((mode) => mode === time) ?? firstFilter.time,
        follows: follows !== false,
    };
}
