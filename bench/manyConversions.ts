/**
 * Many conversions in a row in the process of victim.c, whose threads sleep in every kind of call under signals without
 * pause and count what goes wrong: none may be lost or doubled, and no call may end with EINTR that the kernel restarts.
 */
import { drive, Victim } from '../test/support/injection';

export async function manyConversions(count: number): Promise<void> {
    const victim = await Victim.start();
    try {
        const before = await victim.report();
        const begin = performance.now();
        const words = ['--repeat', count, '--only', victim.tids, '--stride', '0x2000', victim.pid, 'attributes', victim.vmFd, '0x100000000', '0x1000', 8];
        const { outcomes } = await drive(words);
        const seconds = (performance.now() - begin) / 1000;
        await victim.checkUnharmed();
        const after = await victim.report();
        const sum = (threads: typeof after, of: 'signals' | 'iterations' | 'interrupted') => threads.reduce((all, thread) => all + thread[of], 0);
        const answers = new Map<string, number>();
        for (const outcome of outcomes) {
            const answer = outcome.kind === 'returned' ? String(outcome.value) : JSON.stringify(outcome);
            answers.set(answer, (answers.get(answer) ?? 0) + 1);
        }
        console.log(
            `${count} conversions in a row in ${seconds.toFixed(1)} s, results ${[...answers].map(([answer, times]) => `${answer} (${times} times)`).join(', ')}: ` +
                `${sum(after, 'signals') - sum(before, 'signals')} signals sent, all taken once; ${sum(after, 'iterations') - sum(before, 'iterations')} calls, ${sum(after, 'interrupted')} ended with EINTR that should not`,
        );
    } finally {
        await victim.kill();
    }
}
