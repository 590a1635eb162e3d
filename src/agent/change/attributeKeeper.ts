/** Who keeps the private or shared of a VM's pages: how it is read there, and set. */
import type { Executor, KernelTime } from '../../common/change';
import type { Attribute } from '../../common/model';
import type { Pace } from '../pace';
import type { AttributeWalk } from '../pages/attributeWalk';
import type { Window } from '../pages/window';
import type { PlannedPiece } from './conversionTime';
import type { AskClient } from './debuggerExecutor';

export interface AttributeKeeper {
    /** Settled by `check`. */
    readonly executor: Executor;
    /** Refuses what has no attribute here; `windows` are all that shall be changed, and `range` names them. */
    require(windows: readonly Window[], range: string): void;
    /** One of these, cut where one call cannot reach over. */
    parts(window: Window): readonly Window[];
    read(part: Window, pace: Pace): Promise<AttributeWalk>;
    /** Refuses what cannot be done now, and returns what a user should know of how it is done. Stops nothing to find out. */
    check(client: AskClient | undefined, pace: Pace): Promise<readonly string[]>;
    /** How long the kernel takes for these, or why that is not known. */
    kernelTime(pieces: Iterable<PlannedPiece>): KernelTime | string;
    /** Sets pages within one part, and returns for how many microseconds a thread of the VMM was held. */
    set(piece: Window, to: Attribute): number | Promise<number>;
    /** What a user should know before these pages, which are the other kind now, are changed. */
    warnings(changed: readonly Window[], to: Attribute): readonly string[];
}
