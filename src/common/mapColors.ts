/**
 * The theme colours of the page map. package.json's "contributes.colors" equals this table (a unit test holds them
 * together); in the webview each is the CSS variable `--vscode-guestmemMap-…`. VS Code turns only the first dot of an
 * id into a dash there, so the ids have only one.
 *
 * Hue says who may read a page: orange is private, blue is shared, a pair that stays apart for every common kind of
 * colour blindness. Lightness says whether a page exists; marks (stripes, dots, crosses) say the rest.
 */
export interface MapColor {
    readonly id: string;
    readonly description: string;
    readonly defaults: {
        readonly dark: string;
        readonly light: string;
        readonly highContrast: string;
        readonly highContrastLight: string;
    };
}

const color = (
    name: string,
    description: string,
    dark: string,
    light: string,
    highContrast: string,
    highContrastLight: string,
): MapColor => ({
    id: `guestmemMap.${name}`,
    description,
    defaults: { dark, light, highContrast, highContrastLight },
});

export const mapColors = {
    private: color('private', 'Page map: a private page that exists.', '#f0993e', '#c2570c', '#ffab40', '#a34400'),
    privateAllocated: color(
        'privateAllocated',
        'Page map: a private page that is allocated in its guest_memfd but not prepared yet.',
        '#a56a2f',
        '#e89a5b',
        '#b8741f',
        '#d9834a',
    ),
    privateAbsent: color('privateAbsent', 'Page map: a private page that does not exist yet.', '#4d3823', '#f8dfc8', '#4a2f0b', '#ffe3cc'),
    shared: color('shared', 'Page map: a shared page that exists.', '#4a90e2', '#1f66b8', '#58a6ff', '#0a4a9e'),
    sharedAllocated: color(
        'sharedAllocated',
        'Page map: a shared page that is allocated in its guest_memfd but not prepared yet.',
        '#376497',
        '#7badde',
        '#3b73b5',
        '#6f9fd4',
    ),
    sharedAbsent: color('sharedAbsent', 'Page map: a shared page that does not exist yet.', '#243a52', '#d3e4f5', '#0f2b4a', '#d6e8ff'),
    doubleBacked: color(
        'doubleBacked',
        'Page map: the stripes on a page that has a physical page both at its HVA and in its guest_memfd.',
        '#ffffff',
        '#ffffff',
        '#ffffff',
        '#ffffff',
    ),
    unbacked: color(
        'unbacked',
        'Page map: the cross on a page whose attribute asks for a backing that its memslot does not have.',
        '#ff6b6b',
        '#b00020',
        '#ff8080',
        '#8a0019',
    ),
    hole: color('hole', 'Page map: addresses without a memslot beside some that have one.', '#8080801f', '#8080801f', '#ffffff2e', '#00000024'),
} satisfies Record<string, MapColor>;

export type MapColorName = keyof typeof mapColors;

/** The CSS variable by which VS Code gives a webview the user's choice of this colour. */
export function colorVariable(name: MapColorName): string {
    return `--vscode-${mapColors[name].id.replace('.', '-')}`;
}
