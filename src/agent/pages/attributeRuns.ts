import type { Attribute } from '../../common/model';
import { privateAttribute } from './attributeWalk';
import type { Layer } from './layer';
import type { Window } from './window';

/** All of the window in runs that alternate between shared and private. */
export function attributeRuns(window: Window, layer: Layer): (Window & { readonly attribute: Attribute })[] {
    const runs: { gfn: number; end: number; attribute: Attribute }[] = [];
    const append = (gfn: number, end: number, attribute: Attribute) => {
        const last = runs.at(-1);
        if (last?.attribute === attribute) last.end = end;
        else if (gfn < end) runs.push({ gfn, end, attribute });
    };
    let at = window.gfn;
    for (let i = 0; i < layer.count; i++) {
        const start = Math.max(window.gfn, (layer.first[i] ?? 0) + layer.shift);
        const end = Math.min(window.end, (layer.first[i] ?? 0) + layer.shift + (layer.pages[i] ?? 0));
        if (start >= end) continue;
        append(at, start, 'shared');
        append(start, end, ((layer.states[i] ?? 0) & privateAttribute) === 0 ? 'shared' : 'private');
        at = end;
    }
    append(at, window.end, 'shared');
    return runs;
}
