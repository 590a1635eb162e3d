/**
 * Which VM a preview showed. A VM is named by process and file descriptor, and both numbers may come to mean another VM
 * while the user reads the preview: what was agreed to is then not done to that one.
 */
import type { VmIdentity } from '../../../native/index';
import { GuestmemError } from '../../common/errors';
import type { OpenVm } from '../discovery/vmDirectory';

/** Previews that are remembered; a window shows one at a time. */
const most = 100;

export class PreviewedVms {
    private readonly shown = new Map<string, VmIdentity>();

    /**
     * `named` is how the client names the VM. Throws when the last preview under this name showed another VM; without a
     * preview there is nothing to compare with.
     */
    check(named: string, { identity }: OpenVm, dryRun: boolean): void {
        const shown = this.shown.get(named);
        this.shown.delete(named);
        if (dryRun) this.remember(named, identity);
        else if (shown !== undefined && shown !== identity) {
            throw new GuestmemError(
                'no-such-vm',
                `Nothing was changed: ${named} is now another VM than the one that the preview showed. Refresh the list of VMs, and look at the preview again.`,
                { vm: named },
            );
        }
    }

    private remember(named: string, identity: VmIdentity): void {
        const [oldest] = this.shown.keys();
        if (oldest !== undefined && this.shown.size >= most) this.shown.delete(oldest);
        this.shown.set(named, identity);
    }
}
