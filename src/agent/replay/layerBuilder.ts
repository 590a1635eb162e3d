/** Appends runs to a layer, in order; columns grow by doubling. */
import type { Layer, LayerMeaning } from '../pages/layer';

export class LayerBuilder {
    private count = 0;
    private first = new Float64Array(64);
    private pages = new Float64Array(64);
    private states = new Uint8Array(64);

    /** Pages [first, end), none of which is before the end of the last run. */
    append(first: number, end: number, state: number): void {
        if (this.count === this.states.length) this.grow();
        this.first[this.count] = first;
        this.pages[this.count] = end - first;
        this.states[this.count] = state;
        this.count++;
    }

    build(shift: number, meaning: LayerMeaning): Layer {
        const { count } = this;
        return { count, first: this.first.subarray(0, count), pages: this.pages.subarray(0, count), states: this.states.subarray(0, count), shift, meaning };
    }

    private grow(): void {
        const size = this.states.length * 2;
        const { first, pages, states } = this;
        (this.first = new Float64Array(size)).set(first);
        (this.pages = new Float64Array(size)).set(pages);
        (this.states = new Uint8Array(size)).set(states);
    }
}
