/** Kernel lockdown: in mode confidentiality nobody may read kernel memory, not even through BPF. */
import { GuestmemError, errors } from '../../common/errors';

const found = 'kernel lockdown is in mode confidentiality, which forbids BPF to read kernel memory';

export const confidentiality = { found, fix: 'boot without lockdown=confidentiality; mode integrity is enough' } as const;

/**
 * Whether it is lockdown that refused a BPF program: the kernel then withholds this one helper (LOCKDOWN_BPF_READ_KERNEL),
 * and the verifier's log says so in one of these ways. It tells also where /sys/kernel/security is not to be seen.
 */
export const isLockedDown = (verifierLog: string | undefined): boolean =>
    /(?:unknown func|cannot use helper) bpf_probe_read_kernel#/.test(verifierLog ?? '');

export const lockedDown = (tried: string, data: Readonly<Record<string, unknown>>): GuestmemError =>
    errors.notPermitted(tried, confidentiality.found, `The way out: ${confidentiality.fix}.`, data);
