// `npm run bench [-- NAME…]`: runs bench/*.bench.ts, or those whose name contains NAME, one after the other.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { Failure, main, root, run } from './lib/run.mjs';
import { setup } from './setup.mjs';

await main(() => {
    setup('build');
    build({ tests: true });
    const named = process.argv.slice(2);
    const files = readdirSync(join(root, 'bench'))
        .filter((file) => file.endsWith('.bench.ts') && (named.length === 0 || named.some((name) => file.includes(name))));
    if (files.length === 0) throw new Failure('no benchmark has such a name');
    for (const file of files) run(process.execPath, [join('out/bench', file.replace(/\.ts$/, '.mjs'))]);
});
