/** A guest_memfd of 64 GiB on this machine's own KVM: more would only cost KVM's own tables; needs /dev/kvm and root. */
import { describeSparse } from '../support/sparseSuite';

describeSparse([], 1n << 36n);
