/** The pictures of `npm run demo -- --screenshots DIR`, which the README shows: each window state as a person gets there. */
import { join } from 'node:path';
import type { DemoSession } from './demoSession';
import { Workbench } from './workbench';

export async function takePictures(session: DemoSession, folder: string): Promise<void> {
    const window = await Workbench.open(session.server, { folder: session.folder });
    const picture = (name: string) => window.page.screenshot({ path: join(folder, `${name}.png`) });
    try {
        await window.showContainer('Guestmem');
        await window.page.waitForTimeout(12000);
        await picture('tree');
    } finally {
        await window.close();
    }
}
