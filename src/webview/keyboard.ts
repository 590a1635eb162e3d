/** Which key does what on the map. */
export type KeyAction =
    /** `change` = the start of the next or previous run. */
    | { readonly type: 'move'; readonly by: 'cell' | 'row' | 'screen' | 'rowEdge' | 'mapEdge' | 'change'; readonly direction: 1 | -1; readonly extend: boolean }
    | { readonly type: 'zoom'; readonly direction: 1 | -1 }
    | { readonly type: 'fit' | 'details' | 'selectRun' | 'clear' | 'goTo' | 'copy' };

type Key = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey'>;

export function actionOf(event: Key): KeyAction | null {
    if (event.altKey) return null;
    const control = event.ctrlKey || event.metaKey;
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
        case 'Enter':
            return { type: 'details' };
        case ' ':
            return { type: 'selectRun' };
        default:
            return null;
    }
}

export const keyHelp: readonly (readonly [string, string])[] = [
    ['Arrows, Page Up, Page Down, Home, End', 'move the cursor; with Shift they select'],
    ['Ctrl + Left, Ctrl + Right', 'previous or next change of state; of a highlighted state while one is highlighted'],
    ['Enter', 'details of the pages under the cursor'],
    ['Space, double-click', 'select the whole run'],
    ['+, −, Ctrl + wheel', 'zoom'],
    ['0', 'fit the whole guest'],
    ['G', 'go to an address'],
    ['Ctrl + C', 'copy the selected range'],
    ['Escape', 'close the details, then clear the selection'],
];
