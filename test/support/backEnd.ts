/** A process that maps guest memory from the VMM's file, as the back ends of vhost-user do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { page } from './pages';

/** It maps so much, and touches the first page. */
export const backEndSize = 8n * page;

const program = `
import ctypes, mmap, os, sys
pid, fd, offset, size = map(int, sys.argv[1:])
file = ctypes.CDLL(None, use_errno=True).syscall(438, os.pidfd_open(pid), fd, 0) # pidfd_getfd
memory = mmap.mmap(file, size, offset=offset)
memory[0]
print(ctypes.addressof(ctypes.c_char.from_buffer(memory)), flush=True)
sys.stdin.read()
`;

/** The fd of the process whose file it has mapped at the HVA. */
export function openFileOf(pid: number, hva: bigint): number {
    const line = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n').find((each) => each.startsWith(`${hva.toString(16).padStart(8, '0')}-`));
    const inode = Number(line?.split(/ +/)[4]);
    const folder = `/proc/${pid}/fd`;
    const fd = readdirSync(folder).find((each) => statSync(`${folder}/${each}`, { throwIfNoEntry: false })?.ino === inode);
    if (fd === undefined) throw new Error(`Process ${pid} has no descriptor of what is mapped at ${hva.toString(16)}.`);
    return Number(fd);
}

/** `use` has its pid and where it mapped what is at `offset` of the VMM's file. */
export async function withBackEnd(vmm: number, fd: number, offset: bigint, use: (pid: number, hva: bigint) => Promise<void>): Promise<void> {
    const child = spawn('python3', ['-c', program, ...[vmm, fd, offset, backEndSize].map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    try {
        const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
        await use(child.pid ?? 0, BigInt(line));
    } finally {
        const exited = once(child, 'exit');
        child.stdin.end();
        await exited;
    }
}
