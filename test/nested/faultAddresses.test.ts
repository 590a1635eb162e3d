/** What faults of a guest name, where KVM maps its GPAs. */
import { describeFaultAddresses } from '../support/faultAddressSuite';

describeFaultAddresses();
