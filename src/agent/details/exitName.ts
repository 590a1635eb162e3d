/** Why KVM_RUN returned, in words: the KVM_EXIT_… of <linux/kvm.h>, in their order. */
const names: readonly (string | null)[] = [
    ...[null, 'exception', 'io', 'hypercall', 'debug', 'hlt', 'mmio', 'irq-window-open', 'shutdown', 'fail-entry'],
    ...['intr', 'set-tpr', 'tpr-access', 's390-sieic', 's390-reset', 'dcr', 'nmi', 'internal-error', 'osi', 'papr-hcall'],
    ...['s390-ucontrol', 'watchdog', 's390-tsch', 'epr', 'system-event', 's390-stsi', 'ioapic-eoi', 'hyperv', 'arm-nisv'],
    ...['x86-rdmsr', 'x86-wrmsr', 'dirty-ring-full', 'ap-reset-hold', 'x86-bus-lock', 'xen', 'riscv-sbi', 'riscv-csr'],
    ...['notify', 'loongarch-iocsr', 'memory-fault', 'tdx', 'arm-sea', 'snp-req-certs'],
];

/** "exit-N" for a number that has no name here; null for 0, KVM_EXIT_UNKNOWN, which stands where there was no exit. */
export function exitName(reason: number): string | null {
    const name = names[reason];
    return name === undefined ? `exit-${reason}` : name;
}
