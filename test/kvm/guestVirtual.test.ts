/** Guest virtual addresses of a 64-bit guest: every KVM runs those; the older kinds of paging are looked at in test/nested. */
import { describeGuestVirtual } from '../support/guestVirtualSuite';

describeGuestVirtual('4-level paging');
