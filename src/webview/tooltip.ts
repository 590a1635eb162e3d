/** The tooltip: at once what the map knows of some pages, and a moment later what the agent adds about the address. */
import type { Hex } from '../common/address';
import type { AddressFacts } from '../common/model';
import { pageRunAt } from '../common/pageRuns';
import { describeChange, describeFacts, describePages, singleRun, toGpa } from './describe';
import { definitions, element } from './dom';
import { slotsIn, type Extent, type MapModel } from './mapModel';

/** The agent is asked when the pointer has rested this long, in milliseconds. */
const restingTime = 120;
const distance = 14;

interface Shown {
    readonly model: MapModel;
    readonly extent: Extent;
    readonly x: number;
    readonly y: number;
}

export class Tooltip {
    readonly element = element('div', 'tooltip');
    private shown: Shown | null = null;
    /** What the agent said of the address, and about which map. */
    private answer: { readonly facts: AddressFacts; readonly model: MapModel } | null = null;
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
        const before = this.shown;
        const isSamePlace = before?.extent.start === extent.start && before.extent.end === extent.end;
        this.shown = { model, extent, x, y };
        if (isSamePlace && before.model === model) {
            this.place();
            return;
        }
        if (!isSamePlace) this.answer = null;
        this.draw();
        clearTimeout(this.timer);
        // Of several runs no single address speaks.
        if (singleRun(model, extent) < 0 || slotsIn(model, extent.start, extent.end).length === 0) return;
        this.timer = window.setTimeout(() => this.explain(toGpa(extent.start)), restingTime);
    }

    /** The same pages on a newer map. */
    update(model: MapModel): void {
        if (this.shown !== null) this.show(model, this.shown.extent, this.shown.x, this.shown.y);
    }

    hide(): void {
        clearTimeout(this.timer);
        this.shown = null;
        this.element.hidden = true;
    }

    /** An answer that comes after the pointer went on is for another address and is dropped. */
    addFacts(gpa: Hex, facts: AddressFacts | null): void {
        if (this.shown === null || facts === null || toGpa(this.shown.extent.start) !== gpa) return;
        this.answer = { facts, model: this.shown.model };
        this.draw();
    }

    private draw(): void {
        if (this.shown === null) return;
        const { model, extent } = this.shown;
        const { title, lines } = describePages(model, extent);
        this.element.replaceChildren(element('div', 'title', title), definitions('facts', [...lines, ...this.linesOfAgent(model, extent)]));
        this.element.hidden = false;
        this.place();
    }

    private linesOfAgent(model: MapModel, extent: Extent): (readonly [string, string])[] {
        const run = singleRun(model, extent);
        if (this.answer === null || run < 0) return [];
        const { facts, model: asked } = this.answer;
        return [...describeFacts(facts), ...(asked === model ? describeChange(facts, pageRunAt(model.index.runs, run)) : [])];
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
