import { serve } from '../protocol/server';

/** `guestmem agent`: the protocol until stdin ends; returns the exit status. */
export async function endWithAgent(): Promise<never> {
    // Nothing may depend on where it was started, and it must not keep a directory busy.
    process.chdir('/');
    process.exit(await serve());
}
