/**
 * QEMU with System Management Mode, whose VM has a second address space: this machine's KVM always offers it. Needs
 * qemu-system-x86_64.
 */
import { describeQemu } from '../support/qemuSuite';

describeQemu('q35,smm=on');
