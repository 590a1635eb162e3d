/** QEMU's two x86 machines on this host; needs /dev/kvm, root and qemu-system-x86_64. */
import { describeQemu } from '../support/qemuSuite';

for (const machine of ['pc', 'q35,smm=off', 'q35,smm=on']) describeQemu(machine);
