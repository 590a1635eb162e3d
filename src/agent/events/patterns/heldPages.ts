/** Who holds the pages for which conversions were refused, as far as it can be told now. */
import type { Finding } from '../../../common/finding';
import type { OpenVm } from '../../discovery/vmDirectory';
import { heldGuestMemfds } from '../../guestMemfd/guestMemfds';
import { whoHoldsPage } from '../../guestMemfd/pageHolders';

export async function withHolders(vm: OpenVm, findings: readonly Finding[]): Promise<Finding[]> {
    return Promise.all(findings.map((finding) => withHolder(vm, finding)));
}

async function withHolder(vm: OpenVm, finding: Finding): Promise<Finding> {
    const { kind, guestMemfd } = finding;
    const [page] = guestMemfd?.ranges ?? [];
    if (kind !== 'conversion-held' || guestMemfd === null || page === undefined || !vm.process.alive) return finding;
    const files = vm.process.kvmFiles().filter((file) => file.vm === vm.identity);
    const held = heldGuestMemfds(vm.process, files, vm.otherHolders, vm.identity).get(guestMemfd.inode);
    if (held === undefined) return finding;
    const { text } = await whoHoldsPage(held, Number(BigInt(page.offset) >> 12n));
    return { ...finding, explanation: `${finding.explanation} Now ${text}.` };
}
