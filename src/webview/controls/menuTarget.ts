/**
 * The context menu is VS Code's own: it reads `data-vscode-context` of what was clicked, shows the entries of
 * "webview/context" in package.json, greyed where their command's `enablement` says so, and hands the same object to
 * the command as its target.
 */
import type { ShownMap } from '../../common/mapMessages';
import type { Extent } from '../../common/openedMap';
import type { WireRange } from '../../common/range';
import { rangeOf } from './describe';
import { t } from '../l10n';
import { slotsIn, type MapModel } from '../tiles/mapModel';
import { toWire } from './selectionBar';

/** The keys that conditions in package.json ask for: each says what cannot be done, since a palette has none of them. */
export interface MenuTarget {
    readonly webviewSection: 'guestmemPages';
    readonly preventDefaultContextMenuItems: true;
    readonly range: WireRange;
    readonly copyText: string;
    /** The map is of no VM that could be asked. */
    readonly guestmemNoVm: boolean;
    readonly guestmemNoMemory: boolean;
    readonly guestmemNoConversion: boolean;
    readonly guestmemNoGuestMemfd: boolean;
    readonly guestmemNoPreFault: boolean;
    readonly guestmemRefuses: boolean;
    /** Why, for people. */
    readonly guestmemRefusals: string;
}

/** What keeps everything that needs the VM from being done, or null. */
function refusalOfMap({ readOnly }: ShownMap, isStale: boolean): string | null {
    return isStale ? t('This map is out of date.') : readOnly;
}

export function menuTarget(model: MapModel, selection: Extent, isStale: boolean): MenuTarget {
    const { map } = model;
    const slots = slotsIn(model, selection.start, selection.end);
    const general = refusalOfMap(map, isStale) ?? (slots.length === 0 ? t('No memslot is here.') : null);
    const otherSpace = map.addressSpace === 0 ? null : t('Changes are made in address space 0.');
    const hasGuestMemfd = slots.some(({ memslot }) => memslot.flags.includes('guest-memfd'));
    const noGuestMemfd = otherSpace ?? (hasGuestMemfd ? null : t('No guest_memfd is bound to a memslot here, so there is none to allocate or to give back.'));
    const conversion = general ?? map.convertRefusal;
    const refusals = general === null ? [conversion, noGuestMemfd] : [general];
    return {
        webviewSection: 'guestmemPages',
        preventDefaultContextMenuItems: true,
        range: toWire(selection),
        copyText: rangeOf(selection),
        guestmemNoVm: refusalOfMap(map, isStale) !== null,
        guestmemNoMemory: general !== null,
        guestmemNoConversion: conversion !== null,
        guestmemNoGuestMemfd: (general ?? noGuestMemfd) !== null,
        guestmemNoPreFault: (general ?? otherSpace) !== null,
        guestmemRefuses: refusals.some((refusal) => refusal !== null),
        guestmemRefusals: [...new Set(refusals.filter((refusal) => refusal !== null))].join(' '),
    };
}

/** Opens the menu at a point of the window, as the menu key does. */
export function openMenu(target: HTMLElement, x: number, y: number): void {
    target.dispatchEvent(new MouseEvent('contextmenu', { bubbles: true, cancelable: true, clientX: x, clientY: y }));
}
