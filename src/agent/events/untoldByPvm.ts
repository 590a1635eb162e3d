/**
 * Events that no kernel tells of a guest that PVM runs: it takes the guest's faults beside KVM's tracepoints, which are there
 * and stay silent. That cannot be seen by loading programs; KVM's module of that name is the only one that runs VMs then.
 */
import { existsSync } from 'node:fs';
import type { MissingEvents } from '../../common/memoryEvents';

export const untoldByPvm = (): readonly MissingEvents[] =>
    existsSync('/sys/module/kvm_pvm') ? [{ kinds: ['fault', 'shadow-fault', 'mapped'], reason: "PVM takes a guest's faults without passing KVM's tracepoints" }] : [];
