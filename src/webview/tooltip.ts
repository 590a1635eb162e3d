/** The tooltip: at once what the map knows of some pages, and a moment later what the agent adds about the address. */
import type { Hex } from '../common/address';
import type { AddressFacts } from '../common/model';
import { pageRunAt } from '../common/pageRuns';
import { describeFacts, describePages, singleRun, toGpa } from './describe';
import { definitions, element } from './dom';
import type { Extent, MapModel } from './mapModel';
import { slotsIn } from './mapModel';

/** The agent is asked when the pointer has rested this long, in milliseconds. */
const restingTime = 120;
const distance = 14;

export class Tooltip {
    readonly element = element('div', 'tooltip');
    private shown: { readonly model: MapModel; readonly extent: Extent; readonly x: number; readonly y: number } | null = null;
    private facts: AddressFacts | null = null;
    private timer = 0;

    constructor(private readonly explain: (gpa: Hex) => void) {
        this.element.setAttribute('role', 'tooltip');
        this.element.hidden = true;
    }

    get isShown(): boolean {
        return this.shown !== null;
    }

    /** The point is in the coordinates of the panel that holds the tooltip. */
    show(model: MapModel, extent: Extent, x: number, y: number): void {
        const isSame = this.shown?.model === model && this.shown.extent.start === extent.start && this.shown.extent.end === extent.end;
        this.shown = { model, extent, x, y };
        if (isSame) {
            this.place();
            return;
        }
        this.facts = null;
        this.draw();
        clearTimeout(this.timer);
        // Of several runs no single address speaks.
        if (singleRun(model, extent) < 0 || slotsIn(model, extent.start, extent.end).length === 0) return;
        this.timer = window.setTimeout(() => this.explain(toGpa(extent.start)), restingTime);
    }

    hide(): void {
        clearTimeout(this.timer);
        this.shown = null;
        this.element.hidden = true;
    }

    /** An answer that comes after the pointer went on is for another address and is dropped. */
    addFacts(gpa: Hex, facts: AddressFacts | null): void {
        if (this.shown === null || facts === null || toGpa(this.shown.extent.start) !== gpa) return;
        this.facts = facts;
        this.draw();
    }

    private draw(): void {
        if (this.shown === null) return;
        const { model, extent } = this.shown;
        const { title, lines } = describePages(model, extent);
        const run = singleRun(model, extent);
        const more = this.facts === null || run < 0 ? [] : describeFacts(this.facts, pageRunAt(model.index.runs, run));
        this.element.replaceChildren(element('div', 'title', title), definitions('facts', [...lines, ...more]));
        this.element.hidden = false;
        this.place();
    }

    /** Beside the point, on the side where there is room. */
    private place(): void {
        const panel = this.element.parentElement;
        if (this.shown === null || panel === null) return;
        const { x, y } = this.shown;
        const { offsetWidth: width, offsetHeight: height } = this.element;
        const left = x + distance + width <= panel.clientWidth ? x + distance : Math.max(0, x - distance - width);
        const top = y + distance + height <= panel.clientHeight ? y + distance : Math.max(0, y - distance - height);
        this.element.style.left = `${left}px`;
        this.element.style.top = `${top}px`;
    }
}
