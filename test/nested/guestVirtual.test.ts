/** Guest virtual addresses of 32-bit guests, which not every host's KVM runs; this machine's does. */
import { describeGuestVirtual } from '../support/guestVirtualSuite';

describeGuestVirtual('32-bit paging');
describeGuestVirtual('PAE paging');
