import type { Context, Runnable } from 'mocha';

/** Skips the running test, or from a `before` hook all tests of its suite, and writes the reason into their titles. */
export function skip(context: Context, reason: string): never {
    const explain = (test: Runnable) => (test.title += ` (skipped: ${reason})`);
    // Mocha's type declarations leave out what tells a hook from a test.
    const current = context.test as (Runnable & { readonly type?: string }) | undefined;
    if (current?.type === 'hook') current.parent?.eachTest(explain);
    else if (current !== undefined) explain(current);
    context.skip();
}
