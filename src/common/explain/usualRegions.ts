/** What machines of the PC kind usually have at fixed guest physical addresses: where no memslot tells, or a VMM did not mean it. */

interface Region {
    /** [start, end) */
    readonly start: bigint;
    readonly end: bigint;
    readonly name: string;
}

/** PC/AT, the chipset manuals since Intel's ICH, and the TCG's PC client profile; the narrower before the wider. */
const regions: readonly Region[] = [
    { start: 0xa_0000n, end: 0xc_0000n, name: 'legacy VGA memory' },
    { start: 0xc_0000n, end: 0xe_0000n, name: 'option ROMs' },
    { start: 0xe_0000n, end: 0x10_0000n, name: 'the system BIOS' },
    { start: 0xfec0_0000n, end: 0xfec0_1000n, name: 'the I/O APIC' },
    { start: 0xfed0_0000n, end: 0xfed0_0400n, name: 'the HPET' },
    { start: 0xfed4_0000n, end: 0xfed4_5000n, name: 'the TPM (TIS or CRB registers)' },
    { start: 0xfed4_5000n, end: 0xfed4_6000n, name: "the TPM's physical presence interface (QEMU's PPI page)" },
    { start: 0xfee0_0000n, end: 0xfee0_1000n, name: 'the local APIC, and message-signalled interrupts' },
    { start: 0xfee0_1000n, end: 0xfef0_0000n, name: 'message-signalled interrupts' },
    { start: 0xff00_0000n, end: 0x1_0000_0000n, name: 'the firmware' },
];

/** Null where nothing is usual. */
export const usualRegion = (gpa: bigint): string | null => regions.find(({ start, end }) => start <= gpa && gpa < end)?.name ?? null;
