/**
 * Numbers at random that are the same on every run, so that a test that failed fails again. Another seed than the usual
 * one, to look further, is given by GUESTMEM_TEST_SEED.
 */
export const seed = Number(process.env['GUESTMEM_TEST_SEED'] ?? 20_261);

/** Makes numbers in [0, 1): a linear congruential generator. */
export function makeRandom(from = seed): () => number {
    let state = from >>> 0;
    return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Makes integers in [0, limit). */
export function makeRandomIntegers(from = seed): (limit: number) => number {
    const random = makeRandom(from);
    return (limit) => Math.floor(random() * limit);
}
