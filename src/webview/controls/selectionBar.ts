/** The bar below the map: what is selected, and what can be done with it. */
import { formatSize, toHex } from '../../common/address';
import type { MapAction } from '../../common/mapMessages';
import type { WireRange } from '../../common/range';
import type { Extent } from '../../common/openedMap';
import { countOf, describeMix, rangeOf } from './describe';
import { button, element } from '../dom';
import type { ClassCounts } from '../tiles/knownPages';
import { t } from '../l10n';
import type { MapModel } from '../tiles/mapModel';

export interface SelectionCommands {
    act(action: MapAction, range: WireRange): void;
    copy(text: string): void;
    /** Everything that can be done, as a menu at this element. */
    openMenu(at: HTMLElement): void;
}

export const toWire = ({ start, end }: Extent): WireRange => ({ gpa: toHex(start * 4096), size: toHex((end - start) * 4096) });

export class SelectionBar {
    private readonly text = element('div', 'selected');
    private readonly refusal = element('div', 'refusal');
    private readonly convertButtons: readonly HTMLButtonElement[];
    private readonly readButton: HTMLButtonElement;
    private readonly copyButton: HTMLButtonElement;
    private readonly menuButton: HTMLButtonElement;
    readonly element: HTMLElement;
    private selection: Extent | null = null;

    constructor(commands: SelectionCommands) {
        const act = (action: (extent: Extent) => void) => () => {
            if (this.selection !== null) action(this.selection);
        };
        this.convertButtons = [
            button('primary', t('Convert to Private…'), act((extent) => commands.act('convertToPrivate', toWire(extent)))),
            button('primary', t('Convert to Shared…'), act((extent) => commands.act('convertToShared', toWire(extent)))),
        ];
        this.refusal.id = 'convertRefusal';
        this.readButton = button('', t('Read Memory…'), act((extent) => commands.act('readMemory', toWire(extent))));
        this.copyButton = button('', t('Copy'), act((extent) => commands.copy(rangeOf(extent))));
        this.menuButton = button('icon', '⋯', () => commands.openMenu(this.menuButton));
        this.menuButton.title = t('What else can be done with the selected pages');
        this.menuButton.setAttribute('aria-label', this.menuButton.title);
        this.menuButton.setAttribute('aria-haspopup', 'menu');
        const actions = element('div', 'actions', ...this.convertButtons, this.readButton, this.copyButton, this.menuButton);
        this.element = element('section', 'selection', element('div', 'words', this.text, this.refusal), actions);
        this.element.setAttribute('aria-label', t('Selection'));
    }

    /** Of a stale map nothing but the addresses is of use. */
    show(model: MapModel, selection: Extent | null, counts: ClassCounts | null, isStale: boolean): void {
        this.selection = selection;
        const refusal = isStale ? t('This map is out of date.') : model.map.convertRefusal;
        this.refusal.hidden = selection === null || refusal === null;
        this.refusal.textContent = t('No conversion: {0}', refusal ?? '');
        this.refusal.title = refusal ?? '';
        for (const convert of this.convertButtons) {
            convert.disabled = selection === null || refusal !== null;
            convert.title = refusal ?? '';
            convert.setAttribute('aria-describedby', this.refusal.id);
        }
        this.readButton.disabled = selection === null || isStale || model.map.readOnly !== null;
        this.copyButton.disabled = selection === null;
        this.menuButton.disabled = selection === null;
        if (selection === null) {
            this.text.title = '';
            this.text.replaceChildren(element('span', 'hint', t('Drag to select pages, or hold Shift and press the arrow keys.')));
            return;
        }
        const pages = selection.end - selection.start;
        const size = formatSize(BigInt(pages) * 4096n);
        const mix = (describeMix(model, selection, counts) ?? []).map((part) => part.join(' '));
        this.text.title = [rangeOf(selection), size, ...mix].join('\n');
        this.text.replaceChildren(element('strong', '', rangeOf(selection)), element('span', 'part', `${size}, ${countOf(pages)}`), ...mix.map((part) => element('span', 'part', part)));
    }
}
