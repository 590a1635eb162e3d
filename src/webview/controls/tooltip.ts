/** The tooltip: at once what the tiles know of some pages, and a moment later what the agent adds about the address. */
import type { RunRow } from '../../common/mapMessages';
import type { PageFacts } from '../../common/model';
import type { Extent } from '../../common/openedMap';
import { describeChange, describeFacts, describePages } from './describe';
import { definitions, element } from '../dom';
import type { Known } from '../tiles/knownPages';
import type { MapModel } from '../tiles/mapModel';

/** The agent is asked when the pointer has rested this long, in milliseconds. */
const restingTime = 120;
const distance = 14;

export interface TooltipSource {
    now(model: MapModel, extent: Extent): Known;
    all(model: MapModel, extent: Extent): Promise<Known | null>;
    explain(gfn: number): Promise<PageFacts | null>;
}

interface Shown {
    readonly model: MapModel;
    readonly extent: Extent;
    x: number;
    y: number;
    /** What the agent said of the address. */
    facts: PageFacts | null;
    /** What it said before, of an older map, stays until everything new is known. */
    readonly isUpdate: boolean;
}

export class Tooltip {
    readonly element = element('div', 'tooltip');
    private shown: Shown | null = null;
    private timer = 0;

    constructor(private readonly source: TooltipSource) {
        this.element.setAttribute('role', 'tooltip');
        this.element.hidden = true;
    }

    get isShown(): boolean {
        return this.shown !== null;
    }

    /** The point is in the coordinates of the panel that holds the tooltip. Resolves when there is nothing to add. */
    async show(model: MapModel, extent: Extent, x: number, y: number, waits = restingTime): Promise<void> {
        const before = this.shown;
        if (before?.model === model && before.extent.start === extent.start && before.extent.end === extent.end) {
            before.x = x;
            before.y = y;
            this.place();
            return;
        }
        const isUpdate = before?.extent.start === extent.start && before.extent.end === extent.end;
        const shown: Shown = { model, extent, x, y, facts: null, isUpdate };
        this.shown = shown;
        if (!isUpdate) this.draw(shown);
        clearTimeout(this.timer);
        await new Promise<void>((resolve) => (this.timer = window.setTimeout(resolve, waits)));
        if (this.shown === shown) await this.askAbout(shown);
    }

    /** The same pages on a newer map. */
    update(model: MapModel): void {
        if (this.shown !== null) void this.show(model, this.shown.extent, this.shown.x, this.shown.y);
    }

    /** Tiles came: they may know what is shown. */
    redraw(): void {
        if (this.shown !== null && !this.shown.isUpdate) this.draw(this.shown);
    }

    hide(): void {
        this.shown = null;
        this.element.hidden = true;
    }

    /** An answer that comes after the pointer went on is for other pages and is dropped. */
    private async askAbout(shown: Shown): Promise<void> {
        const { model, extent } = shown;
        const known = await this.source.all(model, extent);
        if (this.shown !== shown || known === null) return;
        if (!shown.isUpdate) this.draw(shown);
        // Of several runs no single address speaks.
        if (known.row !== null && known.row.run !== null) shown.facts = await this.source.explain(extent.start);
        if (this.shown === shown) this.draw(shown);
    }

    private draw(shown: Shown): void {
        const known = this.source.now(shown.model, shown.extent);
        const { title, lines } = describePages(shown.model, shown.extent, known);
        this.element.replaceChildren(element('div', 'title', title), definitions('facts', [...lines, ...linesOfAgent(shown.facts, known.row)]));
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

function linesOfAgent(facts: PageFacts | null, row: RunRow | null): (readonly [string, string])[] {
    const run = row?.run ?? null;
    return facts === null || run === null ? [] : [...describeFacts(facts), ...describeChange(facts, run)];
}
