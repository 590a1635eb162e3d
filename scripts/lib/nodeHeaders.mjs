// Where the headers of an installed Node are: they came with it or with a Debian package; nothing is fetched.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The prefix for node-gyp's --nodedir, or undefined. Node-API is stable: any version's headers serve. */
export function nodeHeaders() {
    const prefixes = [dirname(dirname(process.execPath)), '/usr', '/usr/local'];
    return prefixes.find((prefix) => existsSync(join(prefix, 'include/node/node_api.h')));
}
