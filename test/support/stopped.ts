import { readdirSync, readFileSync } from 'node:fs';
import { until } from './until';

/** Stops a process until it gets SIGCONT; each of its threads comes to its stop in its own time. */
export async function stop(pid: number): Promise<void> {
    process.kill(pid, 'SIGSTOP');
    const tasks = `/proc/${pid}/task`;
    // The state comes after the name, which is in parentheses.
    const hasStopped = (task: string) => /\) T /.test(readFileSync(`${tasks}/${task}/stat`, 'latin1'));
    await until(`process ${pid} has stopped`, () => readdirSync(tasks).every(hasStopped));
}
