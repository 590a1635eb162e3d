/** The pictures of `npm run demo -- --screenshots DIR`, which the README shows: each state as a person gets there. */
import { join } from 'node:path';
import { emulatedPlace, type DemoSession } from './demoSession';
import { Workbench } from './workbench';

/** Milliseconds for an agent in an emulated machine to answer. */
const patience = 120_000;
/** Milliseconds in which the guest converts often enough to be looked at. */
const recordingTime = 15_000;
/** What the guest of a sw-protected demo VM never converts itself, and what a default VM has, too. */
const range = '0x500000+0x8000';

const themes = { light: 'Light Modern', 'high-contrast': 'Dark High Contrast', dark: 'Dark Modern' };

export async function takePictures(session: DemoSession, folder: string): Promise<void> {
    const window = await Workbench.open(session.server, { folder: session.folder });
    window.page.setDefaultTimeout(patience);
    const picture = async (name: string) => {
        await window.page.screenshot({ path: join(folder, `${name}.png`) });
    };
    try {
        await chooseVm(window, session);
        // The one that no memslot uses.
        await window.rows('guest_memfds', 'fd 7').first().locator('.monaco-tl-twistie').click();
        await settled(window);
        await picture('tree');

        await window.runCommand('Guestmem: Show Page Map');
        const map = window.webview();
        await map.locator('.legend .entry').first().waitFor();
        await settled(window);
        await picture('map');
        for (const [name, theme] of Object.entries(themes)) {
            await window.runCommand('Preferences: Color Theme');
            await window.answer(theme);
            await settled(window);
            await picture(`map-${name}`);
        }

        const layer = map.getByLabel('Layer');
        for (const id of await layer.locator('option').evaluateAll((options) => options.map((option) => (option as HTMLOptionElement).value))) {
            await layer.selectOption(id);
            await settled(window);
            await picture(`layer-${id}`);
        }
        await layer.selectOption('state');
        await map.getByLabel('Layout').selectOption('hilbert');
        await settled(window);
        await picture('map-hilbert');
        await map.getByLabel('Layout').selectOption('rows');

        await map.locator('.goTo input').fill(range);
        await map.locator('.goTo input').press('Enter');
        await map.locator('.selected strong', { hasText: range }).waitFor();
        // A VM without private memory offers no conversion; the bar then says why.
        if (session.hasPrivateMemory) {
            await window.runCommand('Guestmem: Unlock Changes in This Window');
            await map.getByRole('button', { name: 'Convert to Private…' }).click();
            await window.dialogButton('Convert to Private').waitFor();
            await settled(window);
        }
        await picture('conversion-preview');
        if (session.hasPrivateMemory) {
            await window.dialogButton('Cancel').click();
        }

        await window.runCommand('Guestmem: Show Memory Accounting');
        await window.webview().locator('table.parts').waitFor();
        await settled(window);
        await picture('account');
        await closeEditors(window);

        await takePicturesOfEvents(window, picture);

        await window.openFile('vmm.log');
        // The guest converts it again and again, so that both sides hold a page.
        await window.hover('0x100000000');
        await settled(window);
        await picture('hover');
    } finally {
        await window.close();
    }
}

/** Records for a while, and looks at the events, and at the map as it was before the newest of them. */
async function takePicturesOfEvents(window: Workbench, picture: (name: string) => Promise<void>): Promise<void> {
    await window.runCommand('Guestmem: Show Page Map');
    const map = window.webview();
    await map.locator('.legend .entry').first().waitFor();
    await map.getByRole('button', { name: 'Record', exact: true }).click();
    await window.dialogButton('Record').click();
    await map.getByRole('slider').waitFor();
    await window.page.waitForTimeout(recordingTime);
    await map.getByRole('slider').press('PageDown');
    await map.locator('.pastBanner').waitFor();
    await settled(window);
    await picture('timeline');
    await map.getByRole('slider').press('Escape');
    await map.locator('.pastBanner').waitFor({ state: 'hidden' });

    await window.runCommand('Guestmem: Show Memory Events');
    await window.webview(1).locator('.rows .row').nth(3).waitFor();
    await settled(window);
    await picture('events');
    await window.runCommand('Guestmem: Stop Recording Memory Events');
    await window.runCommand('View: Toggle Panel Visibility');
    await closeEditors(window);
}

const closeEditors = (window: Workbench): Promise<void> => window.runCommand('View: Close All Editors');

async function chooseVm(window: Workbench, session: DemoSession): Promise<void> {
    await window.showContainer('Guestmem');
    const vms = window.rows('Virtual Machines', session.hasPrivateMemory ? 'demo-private' : 'demo');
    if (session.isEmulated) await window.rows('Virtual Machines', emulatedPlace).waitFor();
    await vms.first().click();
    const slots = window.rows('Memory Slots');
    await slots.first().waitFor();
    await window.rows('guest_memfds').first().waitFor();
    await settled(window);
}

/** Animations and what follows a change by itself (theme colours, a hover's second part) have no event to wait for. */
async function settled(window: Workbench): Promise<void> {
    await window.page.waitForTimeout(1500);
}
