/** What is known of a guest_memfd, as leaves of its tree and lines of its tooltip. */
import * as vscode from 'vscode';
import { parseHex, toHex, type Hex } from '../../common/address';
import { leakReasonText } from '../../common/factWords';
import type { FileRange, GuestMemfd, VmSummary } from '../../common/model';
import { attributeText } from '../addressText';
import type { DetailNode, Details } from './detailNode';
import { displaySize } from '../displayText';

const written = ({ offset, size }: FileRange): string => `${offset}+${size}`;
const withSize = (range: FileRange): string => `${written(range)} · ${displaySize(range.size)}`;

/** Through a mapping, the flags and what is bound cannot be read. */
export function guestMemfdDetails(details: Details, guestMemfd: GuestMemfd, { pid, heldBy }: VmSummary): DetailNode[] {
    const { l10n } = vscode;
    const { inode, size, flags, allocated, prepared, unbound, folios, leaked } = guestMemfd;
    const leak = l10n.t('it takes {0}, and {1}', sizeText(allocated), leakReasonText(guestMemfd, heldBy));
    const unboundParts = unbound.map((range) => details.one(l10n.t('Range'), withSize(range), { copyText: written(range) }));
    return [
        ...(leaked ? [details.one(l10n.t('Leaked'), leak, { warning: true })] : []),
        ...(heldBy === 'mapping'
            ? [details.one(l10n.t('Bound by'), notKnown())]
            : details.several(l10n.t('Not bound'), l10n.t('{0} ranges', unbound.length), unboundParts)),
        details.one(l10n.t('Size'), `${displaySize(size)} (${size})`, { copyText: size }),
        details.one(l10n.t('Allocated'), sizeText(allocated)),
        details.one(l10n.t('Prepared'), sizeText(prepared)),
        details.one(l10n.t('Page sizes'), foliosText(folios)),
        ...nodeDetails(details, guestMemfd),
        ...holderDetails(details, guestMemfd, pid),
        ...mappingDetails(details, guestMemfd),
        ...attributeDetails(details, guestMemfd),
        details.one(l10n.t('Direct map'), directMapText(guestMemfd)),
        details.one(l10n.t('Flags'), heldBy === 'mapping' ? notKnown() : flags.length === 0 ? l10n.t('none') : flags.join(', ')),
        details.one(l10n.t('Inode'), `${inode}`),
    ];
}

const notKnown = () => vscode.l10n.t('not known');
const sizeText = (size: Hex | null): string => (size === null ? notKnown() : displaySize(size));

/** "60 KiB in pages of 4 KiB, 4 MiB in pages of 2 MiB" */
function foliosText(folios: GuestMemfd['folios']): string {
    if (folios === null) return notKnown();
    const texts = folios.map(({ pageSize, size }) => vscode.l10n.t('{0} in pages of {1}', displaySize(size), displaySize(pageSize)));
    return texts.length === 0 ? vscode.l10n.t('no page') : texts.join(', ');
}

function directMapText({ directMap }: GuestMemfd): string {
    switch (directMap) {
        case 'present':
            return vscode.l10n.t('the kernel has its pages mapped');
        case 'removed':
            return vscode.l10n.t('the kernel has its pages removed from it');
        case null:
            return notKnown();
    }
}

function nodeDetails(details: Details, { nodes }: GuestMemfd): DetailNode[] {
    const { l10n } = vscode;
    if (nodes === null) return [details.one(l10n.t('NUMA node'), notKnown())];
    const different = [...new Set(nodes.map(({ node }) => node))].sort((one, other) => one - other);
    if (different.length === 1) return [details.one(l10n.t('NUMA node'), different.join())];
    const parts = nodes.map((range) => details.one(l10n.t('Node {0}', range.node), withSize(range), { copyText: written(range) }));
    return details.several(l10n.t('NUMA nodes'), different.join(', '), parts);
}

/** The VMM's own fds are its name. */
function holderDetails(details: Details, { holders }: GuestMemfd, pid: number): DetailNode[] {
    const { l10n } = vscode;
    const others = [...new Set(holders.map((holder) => holder.pid))].filter((other) => other !== pid);
    const parts = others.map((other) => {
        const fds = holders.filter((holder) => holder.pid === other).map(({ fd }) => fd);
        return details.one(l10n.t('Holder'), l10n.t('process {0}, fd {1}', other, fds.join(', ')));
    });
    return details.several(l10n.t('Also held by'), l10n.t('{0} processes', parts.length), parts);
}

function mappingDetails(details: Details, { hostMappings }: GuestMemfd): DetailNode[] {
    const { l10n } = vscode;
    const label = l10n.t('Mapped by');
    if (hostMappings === null) return [details.one(label, notKnown())];
    if (hostMappings.length === 0) return [details.one(label, l10n.t('no process'))];
    const processes = new Set(hostMappings.map(({ pid }) => pid)).size;
    const parts = hostMappings.map(({ pid, hva, rights, ...range }) =>
        details.one(l10n.t('Mapping'), l10n.t('process {0} at {1}: {2}, {3}', pid, hva, written(range), rights), { copyText: hva }),
    );
    return details.several(label, processes === 1 ? l10n.t('1 process') : l10n.t('{0} processes', processes), parts);
}

function attributeDetails(details: Details, { attributes }: GuestMemfd): DetailNode[] {
    const { l10n } = vscode;
    if (attributes === null) return [];
    const isPrivate = attributes.filter(({ attribute }) => attribute === 'private');
    const bytes = isPrivate.reduce((sum, { size }) => sum + (parseHex(size) ?? 0n), 0n);
    const parts = attributes.map(({ attribute, ...range }) =>
        details.one(l10n.t('Range'), `${attributeText(attribute)} · ${withSize(range)}`, { copyText: written(range) }),
    );
    return details.several(l10n.t('Attributes'), l10n.t('{0} private', displaySize(toHex(bytes))), parts);
}
