/** One of the kernel's tracepoints, recorded in a buffer of its own (tracefs). */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { skip } from './skip';

const tracefs = '/sys/kernel/tracing';

export function requireTracepoint(context: Mocha.Context, event: string): void {
    if (!existsSync(join(tracefs, 'events', event))) skip(context, `this kernel has no tracepoint ${event}, or ${tracefs} is not mounted`);
}

export class Tracepoint {
    private readonly folder = join(tracefs, 'instances', `guestmem-test-${process.pid}`);

    /** Records from now on. */
    constructor(private readonly event: string) {
        mkdirSync(this.folder);
        this.write('buffer_size_kb', '4096');
        this.write(`events/${event}/enable`, '1');
    }

    /** Stops, and returns what the event says of itself at each time, in order. None was lost. */
    finish(): string[] {
        this.write(`events/${this.event}/enable`, '0');
        for (const cpu of readdirSync(join(this.folder, 'per_cpu'))) {
            assert.match(this.read(`per_cpu/${cpu}/stats`), /^overrun: 0$/m, `events were lost on ${cpu}`);
        }
        const [, name = ''] = this.event.split('/');
        const lines = this.read('trace').split('\n');
        rmdirSync(this.folder);
        return lines.flatMap((line) => line.split(` ${name}: `)[1] ?? []);
    }

    private write(file: string, text: string): void {
        writeFileSync(join(this.folder, file), text);
    }

    private read(file: string): string {
        return readFileSync(join(this.folder, file), 'utf8');
    }
}
