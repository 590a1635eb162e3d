import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';

/**
 * What `look` gives, beside what the witness said of the same moment: the kernel may take pages of files back, or put
 * pages together, at any time, so all is asked again until the witness says the same before and after the look.
 */
export async function whileStill<Said, Looked>(witness: () => Said, look: () => Promise<Looked>): Promise<readonly [Looked, Said]> {
    for (let tries = 0; tries < 20; tries++) {
        const said = witness();
        const looked = await look();
        if (isDeepStrictEqual(witness(), said)) return [looked, said];
    }
    return assert.fail('the witness says something else each time');
}
