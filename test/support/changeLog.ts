/** Has guestmem keep its record of changes in a folder of the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuestmemOptions } from './guestmem';

export function suiteChangeLog(): () => GuestmemOptions & { readonly folder: string } {
    let folder = '';
    before('make a folder for the record of changes', () => {
        folder = mkdtempSync(join(tmpdir(), 'guestmem-changes-'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));
    return () => ({ folder, through: ['env', `XDG_STATE_HOME=${folder}`] });
}
