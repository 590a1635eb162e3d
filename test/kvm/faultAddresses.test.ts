/** What faults of a guest name, by how this machine's KVM maps guests; needs /dev/kvm and root. */
import { describeFaultAddresses } from '../support/faultAddressSuite';

describeFaultAddresses();
