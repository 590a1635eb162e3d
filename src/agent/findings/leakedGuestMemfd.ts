/** guest_memfds that take memory which no guest can use any more. */
import { parseHex } from '../../common/address';
import { leakReasonText } from '../../common/factWords';
import type { GuestMemfd } from '../../common/model';
import type { Detector } from './detector';
import { byOthers, makeFinding, sizeOf } from './makeFinding';

export const findLeakedGuestMemfd: Detector = ({ details }) =>
    details.guestMemfds
        .filter(({ leaked }) => leaked)
        .map((guestMemfd) => {
            const bytes = Number(parseHex(guestMemfd.allocated ?? '0x0') ?? 0n);
            const held = keepers(guestMemfd);
            return makeFinding({
                kind: 'leaked-guest-memfd',
                severity: 'error',
                title: `${sizeOf(bytes)} leaked in guest_memfd ${guestMemfd.inode}`,
                explanation: `It takes ${sizeOf(bytes)}, and ${leakReasonText(guestMemfd, details.vm.heldBy)}. Its pages are freed when its last file descriptor and mapping go.`,
                action: byOthers(held === '' ? 'Find who keeps it; no file descriptor and no mapping of it was seen.' : `Close what keeps it: ${held}.`),
                bytes,
                guestMemfd: { inode: guestMemfd.inode, ranges: [{ offset: '0x0', size: guestMemfd.size }] },
                source: 'file descriptors, mappings and bindings of the guest_memfd',
            });
        });

/** The longest list of these in a sentence. */
const most = 6;

/** "fd 7 of process 412, a mapping in process 413 at 0x7f…" */
export function keepers({ holders, hostMappings }: Pick<GuestMemfd, 'holders' | 'hostMappings'>): string {
    const texts = [
        ...holders.map(({ pid, fd }) => `fd ${fd} of process ${pid}`),
        ...(hostMappings ?? []).map(({ pid, hva }) => `the mapping at ${hva} in process ${pid}`),
    ];
    return texts.length <= most ? texts.join(', ') : `${texts.slice(0, most).join(', ')} and ${texts.length - most} more`;
}
