/**
 * Writes to stdout at the reader's speed. A reader who leaves (`| head`) ends the program quietly; what cannot be
 * written (a full disk) ends it with the reason.
 */
import { once } from 'node:events';

/** Small texts are gathered to this many characters before they are written. */
const batch = 1 << 16;

export function endWhenNothingCanBeWritten(): void {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EPIPE') process.exit(0);
        process.stderr.write(`guestmem: The output could not be written: ${error.message}. It is incomplete.\n`);
        process.exit(1);
    });
}

export async function print(data: string | Uint8Array): Promise<void> {
    if (!process.stdout.write(data)) await once(process.stdout, 'drain');
}

export async function printAll(texts: Iterable<string>): Promise<void> {
    let gathered = '';
    for (const text of texts) {
        gathered += text;
        if (gathered.length < batch) continue;
        await print(gathered);
        gathered = '';
    }
    await print(gathered);
}
