/** Waits until something is so; the suite's own limit of time ends a wait that is in vain. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const begin = performance.now();
    while (!(await isSo())) {
        // As long as the slowest machine needs: a test must fail for what is wrong, not for what is slow.
        if (performance.now() - begin > 150_000) throw new Error(`Waited in vain until ${what}.`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}
