/** The one loader of the native addon, which lies beside the bundle. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as addon from '../../native/index';
import { GuestmemError } from '../common/errors';

type Addon = typeof addon;

let loaded: Addon | undefined;

/** Throws when the addon is missing or was built for another machine; the message says which file and why. */
export function native(): Addon {
    if (loaded === undefined) {
        const file = join(__dirname, 'guestmem.node');
        try {
            loaded = createRequire(__filename)(file) as Addon;
        } catch (thrown) {
            const found = thrown instanceof Error ? (thrown.message.split('\n')[0] ?? '') : String(thrown);
            throw new GuestmemError(
                'agent',
                `Loading the native addon ${file} failed: ${found}. Build it with 'npm run build', or install the package for this platform (${process.platform}-${process.arch}).`,
                { file },
            );
        }
    }
    return loaded;
}
