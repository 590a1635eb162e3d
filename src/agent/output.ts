/** Writes to stdout at the reader's speed. A reader who leaves (`| head`) ends the program quietly. */
import { once } from 'node:events';

/** Small texts are gathered to this many characters before they are written. */
const batch = 1 << 16;

export function endQuietlyWhenReaderLeaves(): void {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
        process.exit(0);
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
