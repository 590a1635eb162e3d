/** The fastest of several runs: on a shared machine the least disturbed run says most about the program. */
export async function fastest(repeats: number, run: () => unknown): Promise<number> {
    let best = Infinity;
    for (let i = 0; i < repeats; i++) {
        const begin = performance.now();
        await run();
        best = Math.min(best, performance.now() - begin);
    }
    return best;
}

/** One line of a result: what was measured, the aim if there is one, and how it compares with a peer of the same run. */
export function report(what: string, milliseconds: number, aim?: number, peers: Readonly<Record<string, number | null>> = {}): void {
    const words = [`${what.padEnd(58)} ${milliseconds.toFixed(2).padStart(9)} ms`];
    if (aim !== undefined) words.push(`aim ${aim} ms ${milliseconds <= aim ? 'met' : 'MISSED'}`);
    for (const [name, peer] of Object.entries(peers)) {
        words.push(peer === null ? `${name} not offered here` : `${name} ${peer.toFixed(2)} ms (${(milliseconds / peer).toFixed(2)} times)`);
    }
    console.log(words.join('; '));
}
