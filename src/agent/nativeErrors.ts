/** Failures of the native addon in the program's own words. */
import type { NativeError } from '../../native/index';
import { GuestmemError, errors } from '../common/errors';
import { isLockedDown, lockedDown } from './host/lockdown';
import { missingCapabilities, withoutRoot } from './host/privilege';

export const isNativeError = (thrown: unknown): thrown is NativeError =>
    thrown instanceof Error && 'operation' in thrown && 'code' in thrown && typeof thrown.code === 'string';

const isPermission = (errno: string): boolean => errno === 'EPERM' || errno === 'EACCES';

/** The project's error for whatever the addon threw while `tried` was done to process `pid`. */
export function fromNative(thrown: unknown, tried: string, pid: number): unknown {
    if (!isNativeError(thrown)) return thrown;
    const { code, operation, message, log } = thrown;
    if (code === 'ESRCH') return errors.noSuchProcess(pid);
    if (isLockedDown(log)) return lockedDown(`${tried} (${operation})`, { pid, operation, errno: code });
    // With a log it is the BPF verifier that refuses a program, for which no capability helps.
    if (isPermission(code) && log === undefined) return refused(`${tried} (${operation})`, code, { pid, operation });
    const data = { pid, operation, errno: code, ...(log === undefined ? {} : { log }) };
    return new GuestmemError('kernel', `${tried} failed: ${message}.`, data);
}

/** The error for EPERM or EACCES: names the capabilities that this process lacks. */
export function refused(tried: string, errno: string, data: Readonly<Record<string, unknown>>): GuestmemError {
    const missing = missingCapabilities();
    const found =
        missing.length > 0
            ? `the kernel answered ${errno}, and this process lacks ${missing.join(', ')}`
            : `the kernel answered ${errno} although all capabilities are there; 'guestmem doctor' looks further (lockdown, Yama)`;
    return errors.notPermitted(tried, found, withoutRoot, { ...data, errno, missing });
}

/**
 * What `read` gives; or, where this kernel refuses to tell it, the reason. For what a map can do without: a BPF program
 * that a kernel does not accept takes away its own facts only.
 */
export async function unlessRefused<T>(read: () => Promise<T>): Promise<T | string> {
    try {
        return await read();
    } catch (thrown) {
        if (isNativeError(thrown) && thrown.code !== 'ESRCH') return thrown.message;
        throw thrown;
    }
}

/** Runs `action`, and translates what the addon throws. */
export function translating<T>(tried: string, pid: number, action: () => T): T {
    try {
        return action();
    } catch (thrown) {
        throw fromNative(thrown, tried, pid);
    }
}
