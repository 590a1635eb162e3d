/** The built addon, loaded where it lies. */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type * as Addon from '../../native/index';

export const addonFile = resolve('dist/guestmem.node');
export const addon = createRequire(addonFile)(addonFile) as typeof Addon;

/** The errno name of a NativeError; anything else is thrown again. */
export function codeOf(thrown: unknown): string {
    if (thrown instanceof Error && 'code' in thrown && 'operation' in thrown) return String(thrown.code);
    throw thrown;
}

/** The errno name with which `action` fails. */
export function nativeCode(action: () => unknown): string {
    try {
        action();
    } catch (thrown) {
        return codeOf(thrown);
    }
    throw new Error('It did not fail.');
}
