/** What an account says in words, for the terminal and the window alike. */
import { formatSize, parseHex, type Hex } from './address';
import type { AccountPart, ChargeStep, MemoryAccount } from './memoryAccount';

export const partTexts: Readonly<Record<AccountPart, { readonly label: string; readonly meaning: string }>> = {
    'shared-resident': { label: 'Shared, used by the guest', meaning: 'shared pages, where the guest takes them from' },
    'private-allocated': { label: 'Private, used by the guest', meaning: 'private pages in guest_memfds' },
    'double': { label: 'Double-backed', meaning: 'a second copy that the guest does not use: HVA side and guest_memfd both hold the page' },
    'file-under-copy': { label: 'File under a copy', meaning: 'pages of a file that the VMM wrote to through MAP_PRIVATE: its own copy is used, and the file keeps its page, too' },
    'unused-side': { label: 'On the unused side', meaning: 'on the side that the guest does not use, without a copy on the other' },
    'unbound': { label: 'Unbound guest_memfd', meaning: 'in guest_memfds where no memslot is bound, or that no guest uses any more' },
    'vmm': { label: 'VMM', meaning: 'heap, stacks, programs and libraries of the VMM' },
    'page-tables': { label: 'Page tables of the VMM', meaning: 'by which the VMM reaches its memory' },
    'guest-page-tables': { label: 'Page tables of KVM', meaning: 'by which the guest reaches its memory' },
    'attribute-store': { label: 'Attribute store', meaning: 'in which KVM keeps what is private' },
    'memslot-metadata': { label: 'Memslot metadata', meaning: 'what KVM keeps for each page of a memslot' },
};

export const stepTexts: Readonly<Record<ChargeStep, string>> = {
    'rss': 'RSS, as the kernel tells it',
    'hugetlb': 'hugetlb pages, which RSS leaves out',
    'not-mapped': 'pages that the VMM does not map: in guest_memfds and files',
    'mapped-again': 'pages that RSS counts more than once',
    'kernel-structures': 'page tables and what KVM keeps',
};

/** Steps that lead somewhere, as "+ 16 MiB"; the first one is where they begin. */
export const stepSizes = ({ kernel }: MemoryAccount): readonly { readonly text: string; readonly size: string; readonly bytes: number }[] =>
    kernel.steps
        .filter(({ step, bytes }) => step === 'rss' || bytes !== 0)
        .map(({ step, bytes }) => ({ text: stepTexts[step], size: (step === 'rss' ? '' : bytes < 0 ? '− ' : '+ ') + formatSize(BigInt(Math.abs(bytes))), bytes }));

export const bytesOf = (size: Hex): bigint => parseHex(size) ?? 0n;

/** Also of a negative number. */
export const signedSize = (bytes: number): string => (bytes < 0 ? '−' : '') + formatSize(BigInt(Math.abs(Math.trunc(bytes))));

/** What of it the guest has no use of, and why. */
const wasted: readonly (readonly [AccountPart, string])[] = [
    ['double', 'double-backed'],
    ['file-under-copy', 'file pages under private copies'],
    ['unbound', 'in guest_memfds without a memslot'],
    ['unused-side', 'on a side that the guest does not use'],
];

/** The whole account in one sentence: "The guest has 4 GiB; the host gives 7.1 GiB: 3 GiB of it are double-backed." */
export function accountSentence({ guestMemory, total, entries }: MemoryAccount): string {
    const causes = wasted.flatMap(([part, words]) => {
        const bytes = bytesOf(entries.find((entry) => entry.part === part)?.bytes ?? '0x0');
        return bytes === 0n ? [] : [{ bytes, words }];
    });
    const [most, ...others] = causes.sort((a, b) => (a.bytes < b.bytes ? 1 : -1));
    const told = [most, ...others].filter((cause) => cause !== undefined);
    const why = told.map(({ bytes, words }, index) => `${formatSize(bytes)} ${index === 0 ? 'of it are ' : ''}${words}`).join(', ');
    const given = `The guest has ${formatSize(bytesOf(guestMemory))}; the host gives ${formatSize(bytesOf(total))}`;
    return why === '' ? `${given}, none of it twice.` : `${given}: ${why}.`;
}
