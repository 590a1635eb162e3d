/**
 * The changes beside converting, from the palette, a memslot or a selection of the map: guest_memfd pages allocated or
 * given back, memory pre-faulted or written, dirty logging switched.
 */
import * as vscode from 'vscode';
import { parseAddress, parseHex, toHex } from '../../common/address';
import type { AnyChangeReport, Change } from '../../common/change';
import type { Memslot } from '../../common/model';
import { makeRange, toWireRange, type WireRange } from '../../common/range';
import { resolveVm } from '../activeVm';
import { askRange } from './askRange';
import { changeMemory, heldText, pagesText, type ChangeParts, type ChangeWords } from './changeMemory';
import type { CommandBoundary } from '../commandBoundary';
import { parseTarget, type CommandTarget } from '../commandTarget';
import { memslotLabel, memslotTraits } from '../trees/memslotText';
import type { ActiveVm } from '../vmStore';

/** Asks for what is not known yet and makes the change; `undefined` from `choose` = the user gave up. */
async function change(
    parts: ChangeParts,
    target: CommandTarget,
    words: ChangeWords,
    choose: (active: ActiveVm) => Promise<Change | undefined>,
): Promise<AnyChangeReport | undefined> {
    if (!(await parts.guard.permit())) return undefined;
    const active = await resolveVm(parts.store, target);
    const chosen = await choose(active);
    if (chosen === undefined) return undefined;
    return changeMemory(parts, active, words, (agent, params, options) =>
        agent.request('change', { ...params, change: chosen }, options),
    );
}

async function rangeOf({ map }: ChangeParts, { range }: CommandTarget, title: string): Promise<WireRange | undefined> {
    if (range !== undefined) return toWireRange(makeRange(parseHex(range.gpa) ?? 0n, parseHex(range.size) ?? 0n));
    const asked = await askRange(title, map.selection);
    return asked === undefined ? undefined : toWireRange(asked);
}

function allocate(parts: ChangeParts, target: CommandTarget): Promise<AnyChangeReport | undefined> {
    const { l10n } = vscode;
    const title = l10n.t('Allocate guest_memfd Pages');
    const words: ChangeWords = {
        title,
        answer: l10n.t('Allocate'),
        question: ({ range }) => l10n.t('Allocate the guest_memfd pages of {0}?', range),
        nothingToChange: ({ range }) => l10n.t('Nothing to change: all guest_memfd pages of {0} are allocated.', range),
        done: ({ pagesChanged }) => l10n.t('{0} allocated.', pagesText(pagesChanged)),
    };
    return change(parts, target, words, async () => {
        const range = await rangeOf(parts, target, title);
        return range && { kind: 'allocate', ranges: [range] };
    });
}

function punch(parts: ChangeParts, target: CommandTarget): Promise<AnyChangeReport | undefined> {
    const { l10n } = vscode;
    const title = l10n.t('Give guest_memfd Pages Back');
    const words: ChangeWords = {
        title,
        answer: l10n.t('Give Back'),
        question: ({ range }) => l10n.t('Give the guest_memfd pages of {0} back to the host, with what they hold?', range),
        nothingToChange: ({ range }) => l10n.t('Nothing to change: no guest_memfd page of {0} is allocated.', range),
        done: ({ pagesChanged }) => l10n.t('{0} given back.', pagesText(pagesChanged)),
    };
    return change(parts, target, words, async () => {
        const range = await rangeOf(parts, target, title);
        return range && { kind: 'punch', ranges: [range] };
    });
}

function preFault(parts: ChangeParts, target: CommandTarget): Promise<AnyChangeReport | undefined> {
    const { l10n } = vscode;
    const title = l10n.t('Pre-Fault Memory');
    const words: ChangeWords = {
        title,
        answer: l10n.t('Pre-Fault'),
        question: ({ range }) => l10n.t('Have KVM map {0} before the guest touches it?', range),
        nothingToChange: ({ range }) => l10n.t('Nothing to change: KVM maps all of {0}.', range),
        done: (report) => [l10n.t('{0} mapped.', pagesText(report.pagesChanged)), heldText(report)].join(' '),
    };
    return change(parts, target, words, async () => {
        const range = await rangeOf(parts, target, title);
        return range && { kind: 'pre-fault', range, vcpu: null };
    });
}

function write(parts: ChangeParts, target: CommandTarget): Promise<AnyChangeReport | undefined> {
    const { l10n, window } = vscode;
    const title = l10n.t('Write Memory');
    const words: ChangeWords = {
        title,
        answer: l10n.t('Write'),
        question: ({ range }) => l10n.t('Write {0} of the guest’s memory?', range),
        nothingToChange: ({ range }) => l10n.t('Nothing to change: {0} holds these bytes.', range),
        done: ({ range }) => l10n.t('{0} written.', range),
    };
    return change(parts, target, words, async () => {
        const gpa = await window.showInputBox({
            title,
            prompt: l10n.t('The guest physical address to write to, hex with 0x or decimal'),
            value: target.range?.gpa ?? parts.map.selection?.gpa ?? '',
            validateInput: (typed) => (parseAddress(typed.trim()) === undefined ? l10n.t('Write an address, for example 0x1000.') : undefined),
        });
        const address = gpa === undefined ? undefined : parseAddress(gpa.trim());
        if (address === undefined) return undefined;
        const digits = await window.showInputBox({
            title,
            prompt: l10n.t('The bytes, as pairs of hex digits'),
            placeHolder: '90 cc',
            validateInput: (typed) => (/^\s*([0-9a-f]{2}\s*)+$/i.test(typed) ? undefined : l10n.t('Write pairs of hex digits, for example 90 cc.')),
        });
        if (digits === undefined) return undefined;
        const bytes = digits.replace(/\s/g, '').match(/../g) ?? [];
        return { kind: 'write', gpa: toHex(address), bytes: btoa(String.fromCharCode(...bytes.map((byte) => parseInt(byte, 16)))) };
    });
}

function logDirtyPages(parts: ChangeParts, target: CommandTarget): Promise<AnyChangeReport | undefined> {
    const { l10n } = vscode;
    const words: ChangeWords = {
        title: l10n.t('Switch Dirty Logging'),
        answer: l10n.t('Switch'),
        question: ({ range }) => l10n.t('Switch the dirty logging of the memslot at {0}?', range),
        nothingToChange: ({ range }) => l10n.t('Nothing to change at {0}.', range),
        done: (report) => [l10n.t('Dirty logging of the memslot at {0} was switched.', report.range), heldText(report)].join(' '),
    };
    return change(parts, target, words, async (active) => {
        const memslot = await chooseMemslot(active, target, words.title);
        return memslot && { kind: 'log-dirty-pages', addressSpace: 0, memslot: memslot.id, on: !memslot.flags.includes('log-dirty-pages') };
    });
}

/** The slot that the command was called on, or one that the user picks among those that KVM lets change. */
async function chooseMemslot({ details }: ActiveVm, { range }: CommandTarget, title: string): Promise<Memslot | undefined> {
    const memslots = details.addressSpaces.find(({ id }) => id === 0)?.memslots ?? [];
    const named = memslots.find(({ gpa, size }) => range?.gpa === gpa && range.size === size);
    if (named !== undefined) return named;
    const items = memslots
        .filter(({ internal, flags }) => !internal && !flags.includes('guest-memfd'))
        .map((memslot) => ({ label: memslotLabel(memslot), description: [memslot.gpa, ...memslotTraits(memslot)].join(', '), memslot }));
    return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.memslot;
}

export function registerOtherChanges(parts: ChangeParts, boundary: CommandBoundary): vscode.Disposable {
    return vscode.Disposable.from(
        boundary.register('guestmem.memory.allocate', (argument) => allocate(parts, parseTarget(argument))),
        boundary.register('guestmem.memory.punch', (argument) => punch(parts, parseTarget(argument))),
        boundary.register('guestmem.memory.preFault', (argument) => preFault(parts, parseTarget(argument))),
        boundary.register('guestmem.memory.write', (argument) => write(parts, parseTarget(argument))),
        boundary.register('guestmem.memory.logDirtyPages', (argument) => logDirtyPages(parts, parseTarget(argument))),
    );
}
