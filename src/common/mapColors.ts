/**
 * The theme colours of the page map. package.json's "contributes.colors" equals this table (a unit test holds them
 * together); in the webview each is the CSS variable `--vscode-guestmemMap-…`. VS Code turns only the first dot of an
 * id into a dash there, so the ids have only one.
 *
 * Hue says who may read a page: orange is private, blue is shared, a pair that stays apart for every common kind of
 * colour blindness. Lightness says whether a page exists; marks (stripes, dots, crosses) say the rest. Where a layer is
 * about something else it has other hues, and two of its classes that look alike to anybody differ by their marks.
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
    hva: color('hva', 'Page map: a page at the HVA.', '#2fa58c', '#0b7a66', '#05c8a3', '#005c4b'),
    hvaAbsent: color('hvaAbsent', 'Page map: no page at the HVA.', '#1f4a3c', '#c2e3da', '#08372b', '#bfe5dc'),
    guestMemfd: color('guestMemfd', 'Page map: a page in the guest_memfd.', '#c583d9', '#8a3ea3', '#df9cf2', '#74208f'),
    guestMemfdAbsent: color('guestMemfdAbsent', 'Page map: no page in the guest_memfd.', '#3e2243', '#e6c6ef', '#401f4a', '#ecc8f7'),
    page4k: color('page4k', 'Page map: mapped as a 4 KiB page.', '#f5e663', '#8c1d5a', '#fff36b', '#7a0f4c'),
    page2m: color('page2m', 'Page map: mapped within a 2 MiB page.', '#35b0a0', '#1787a0', '#2fc4b2', '#157790'),
    page1g: color('page1g', 'Page map: mapped within a 1 GiB page.', '#4a5fc0', '#86b03b', '#5a6fe0', '#7fa534'),
    node0: color('node0', 'Page map: NUMA node 0, and striped node 4.', '#3b82f6', '#2377d4', '#58a6ff', '#385fbe'),
    node1: color('node1', 'Page map: NUMA node 1, and striped node 5.', '#e79438', '#9e3802', '#ffaa3b', '#882600'),
    node2: color('node2', 'Page map: NUMA node 2, and striped node 6.', '#fffa7f', '#a8a015', '#ffff91', '#8e8800'),
    node3: color('node3', 'Page map: NUMA node 3, and striped node 7.', '#8f5fb8', '#5a2a83', '#8d44aa', '#450e6c'),
    changed: color('changed', 'Page map: dirty, or changed by the last refresh or between two maps.', '#ffdc22', '#71024c', '#fff208', '#4f0024'),
    changedLately: color('changedLately', 'Page map: changed up to 10 seconds ago.', '#c2873a', '#b0507c', '#d9923a', '#c25778'),
    changedBefore: color('changedBefore', 'Page map: changed up to a minute ago.', '#7d5a4a', '#e3a09c', '#8c5238', '#e9a686'),
    gained: color('gained', 'Page map: in a comparison, a page or memory that is new.', '#5edcaf', '#3a5a29', '#59f2ba', '#0f916f'),
    lost: color('lost', 'Page map: in a comparison, a page or memory that is gone.', '#c95fa8', '#a8256f', '#e26bbd', '#75004a'),
    quiet: color('quiet', 'Page map: nothing to notice: not mapped, clean, unchanged.', '#3c3f44', '#e1e4e8', '#2e3138', '#dcdfe3'),
    quietMark: color('quietMark', 'Page map: marks on what is not known.', '#9aa0a8', '#6b7178', '#b4bac2', '#565c63'),
    ink: color('ink', 'Page map: marks on strong colours.', '#141414', '#ffffff', '#000000', '#ffffff'),
    hole: color('hole', 'Page map: addresses without a memslot beside some that have one.', '#8080801f', '#8080801f', '#ffffff2e', '#00000024'),
} satisfies Record<string, MapColor>;

export type MapColorName = keyof typeof mapColors;

/** The CSS variable by which VS Code gives a webview the user's choice of this colour. */
export function colorVariable(name: MapColorName): string {
    return `--vscode-${mapColors[name].id.replace('.', '-')}`;
}
