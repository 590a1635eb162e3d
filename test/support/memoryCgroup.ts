/** A cgroup of its own for one VMM, so that what the kernel charges for it is a number: a witness beside accounts. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'mocha';
import { skip } from './skip';

const root = '/sys/fs/cgroup';

export class MemoryCgroup {
    private constructor(
        private readonly folder: string,
        private readonly counter: string,
    ) {}

    /** Skips where no cgroup that counts memory can be made. */
    static make(context: Context): MemoryCgroup {
        const name = `guestmem-test-${process.pid}`;
        try {
            if (existsSync(`${root}/memory/cgroup.procs`)) return this.at(`${root}/memory/${name}`, 'memory.usage_in_bytes');
            // A machine that the tests boot themselves has nothing mounted there.
            if (!existsSync(`${root}/cgroup.controllers`)) spawnSync('mount', ['-t', 'cgroup2', 'cgroup2', root], { stdio: 'ignore' });
            writeFileSync(`${root}/cgroup.subtree_control`, '+memory');
            return this.at(`${root}/${name}`, 'memory.current');
        } catch (error) {
            return skip(context, `no cgroup that counts memory can be made here (${(error as Error).message})`);
        }
    }

    private static at(folder: string, counter: string): MemoryCgroup {
        mkdirSync(folder, { recursive: true });
        const cgroup = new MemoryCgroup(folder, counter);
        cgroup.usage();
        return cgroup;
    }

    /** Words to start a command through, so that all it allocates is charged here. */
    get through(): readonly string[] {
        return ['sh', '-c', `echo $$ >${this.folder}/cgroup.procs && exec "$@"`, 'sh'];
    }

    usage(): number {
        return Number(readFileSync(`${this.folder}/${this.counter}`, 'utf8'));
    }

    /** A line of memory.stat; undefined where the kernel has none of that name. */
    stat(name: string): number | undefined {
        const [, value] = new RegExp(`^${name} ([0-9]+)$`, 'm').exec(readFileSync(`${this.folder}/memory.stat`, 'utf8')) ?? [];
        return value === undefined ? undefined : Number(value);
    }

    /**
     * How far the counter may be from the pages: each processor takes charges for 64 pages at a time and keeps what is left,
     * for up to 7 cgroups; and the kernel's own objects for a process and a VM (stacks, descriptors, structs, small slabs).
     */
    static get tolerance(): number {
        return Math.min(availableParallelism(), 16) * 64 * 4096 + 4 * 2 ** 20;
    }

    /** Once its processes have ended; the kernel may still be at it. */
    async remove(): Promise<void> {
        for (let tries = 1; existsSync(this.folder); tries++) {
            try {
                rmdirSync(this.folder);
            } catch (error) {
                if (tries === 100) throw error;
                await sleep(100);
            }
        }
    }
}
