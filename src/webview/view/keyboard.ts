/** Which key does what on the map. */
import { t } from '../l10n';

export type KeyAction =
    /** `change` = the start of the next or previous run. */
    | { readonly type: 'move'; readonly by: 'cell' | 'row' | 'screen' | 'rowEdge' | 'mapEdge' | 'change'; readonly direction: 1 | -1; readonly extend: boolean }
    | { readonly type: 'zoom'; readonly direction: 1 | -1 }
    | { readonly type: 'fit' | 'details' | 'clear' | 'goTo' | 'copy' | 'menu' | 'table' };

type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>;

export function actionOf(event: Key): KeyAction | null {
    if (event.altKey) return null;
    const control = event.ctrlKey || event.metaKey;
    if (isMenuKey(event)) return { type: 'menu' };
    const move = (by: Extract<KeyAction, { type: 'move' }>['by'], direction: 1 | -1): KeyAction => ({
        type: 'move',
        by,
        direction,
        extend: event.shiftKey,
    });
    switch (event.key) {
        case 'ArrowLeft':
            return move(control ? 'change' : 'cell', -1);
        case 'ArrowRight':
            return move(control ? 'change' : 'cell', 1);
        case 'ArrowUp':
            return move('row', -1);
        case 'ArrowDown':
            return move('row', 1);
        case 'PageUp':
            return move('screen', -1);
        case 'PageDown':
            return move('screen', 1);
        case 'Home':
            return move(control ? 'mapEdge' : 'rowEdge', -1);
        case 'End':
            return move(control ? 'mapEdge' : 'rowEdge', 1);
        case 'Escape':
            return { type: 'clear' };
        default:
            return control ? controlAction(event.key) : plainAction(event.key);
    }
}

/** Shift+F10 is for keyboards without a menu key. */
export const isMenuKey = ({ key, shiftKey }: Pick<KeyboardEvent, 'key' | 'shiftKey'>): boolean => key === 'ContextMenu' || (key === 'F10' && shiftKey);

function controlAction(key: string): KeyAction | null {
    return key === 'c' ? { type: 'copy' } : null;
}

function plainAction(key: string): KeyAction | null {
    switch (key) {
        case '+':
        case '=':
            return { type: 'zoom', direction: 1 };
        case '-':
            return { type: 'zoom', direction: -1 };
        case '0':
        case 'f':
            return { type: 'fit' };
        case 'g':
            return { type: 'goTo' };
        case 't':
            return { type: 'table' };
        case 'Enter':
            return { type: 'details' };
        default:
            return null;
    }
}

export const keyHelp = (): readonly (readonly [string, string])[] => [
    [t('Arrows, Page Up, Page Down, Home, End'), t('move the cursor; with Shift they select')],
    [t('Ctrl + Left, Ctrl + Right'), t('previous or next change of state; of a highlighted state while one is highlighted')],
    [t('Enter'), t('details of the pages under the cursor')],
    [t('Space, double-click'), t('select the whole run')],
    [t('Menu key, Shift + F10, right click'), t('what can be done with the selected pages')],
    [t('+, −, Ctrl + wheel'), t('zoom')],
    [t('Middle button, Space + drag'), t('move the map')],
    ['0', t('fit the whole guest')],
    ['G', t('go to an address or a slot')],
    ['T', t('the table instead of the map, and back')],
    [t('Ctrl + C'), t('copy the selected range, or the marked rows of the table')],
    [t('Escape'), t('close the details, then clear the selection')],
    [t('Up and Down on an entry of the legend'), t('to the previous and the next run of it')],
];
