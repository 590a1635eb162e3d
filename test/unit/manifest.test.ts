import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { commands, contextKeyDefaults, eventsContainer, eventsView, refreshIntervalBounds, restrictedSettings, settingDefaults, viewContainer, views } from '../../src/common/manifest';

interface MenuItem {
    readonly command: string;
    readonly when?: string;
}

interface Package {
    readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
    readonly contributes: {
        readonly commands: readonly { readonly command: string; readonly title: string; readonly icon?: string }[];
        readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
        readonly views: Readonly<Record<string, readonly { readonly id: string; readonly name: string }[]>>;
        readonly viewsContainers: Readonly<Record<'activitybar' | 'panel', readonly { readonly id: string; readonly icon: string }[]>>;
        readonly viewsWelcome: readonly { readonly view: string; readonly when: string; readonly contents: string }[];
        readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown; readonly scope: string; readonly minimum?: number; readonly maximum?: number }>> };
        readonly walkthroughs: readonly { readonly steps: readonly { readonly description: string; readonly media: { readonly markdown: string } }[] }[];
    };
}

const text = readFileSync('package.json', 'utf8');
const { contributes, capabilities } = JSON.parse(text) as Package;
const nls = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>;

/** "%key%" as a user of the English package reads it. */
function localized(value: string): string | undefined {
    return /^%.+%$/.test(value) ? nls[value.slice(1, -1)] : value;
}

const knownIds = new Set<string>([...Object.keys(commands), ...Object.keys(settingDefaults), ...Object.keys(views), eventsView.id, ...Object.keys(contextKeyDefaults)]);

describe('package.json and the manifest table', () => {
    it('have the same commands, titles and icons', () => {
        const contributed = contributes.commands.map(({ command, title, icon }) => [command, { title: localized(title), icon }]);
        const expected = Object.entries(commands).map(([id, command]) => [id, { title: command.title, icon: 'icon' in command ? command.icon : undefined }]);
        assert.deepEqual(Object.fromEntries(contributed), Object.fromEntries(expected));
    });

    it('hide the same commands from the palette', () => {
        const hidden = (contributes.menus['commandPalette'] ?? []).filter(({ when }) => when === 'false').map(({ command }) => command);
        const expected = Object.entries(commands).flatMap(([id, { palette }]) => (palette ? [] : [id]));
        assert.deepEqual(hidden.sort(), expected.sort());
    });

    it('have the same settings and defaults; those that decide what is run or changed are machine-scoped and restricted', () => {
        const properties = Object.entries(contributes.configuration.properties);
        assert.deepEqual(Object.fromEntries(properties.map(([id, property]) => [id, property.default])), settingDefaults);
        const machineScoped = properties.filter(([, { scope }]) => scope === 'machine').map(([id]) => id);
        assert.deepEqual(machineScoped.sort(), [...restrictedSettings].sort());
        assert.deepEqual([...capabilities.untrustedWorkspaces.restrictedConfigurations].sort(), [...restrictedSettings].sort());
        const { minimum, maximum } = contributes.configuration.properties['guestmem.map.refreshInterval'] ?? {};
        assert.deepEqual({ least: minimum, most: maximum }, refreshIntervalBounds);
    });

    it('have the same views', () => {
        assert.deepEqual(contributes.viewsContainers.activitybar.map(({ id }) => id), [viewContainer]);
        const contributed = (contributes.views[viewContainer] ?? []).map(({ id, name }) => [id, localized(name)]);
        assert.deepEqual(Object.fromEntries(contributed), views);
        assert.deepEqual(contributes.viewsContainers.panel.map(({ id }) => id), [eventsContainer]);
        assert.deepEqual(contributes.views[eventsContainer]?.map(({ id, name }) => ({ id, name: localized(name) })), [eventsView]);
    });

    it('ask only for context keys, views and commands that exist', () => {
        const menus = Object.values(contributes.menus).flat();
        const places = [
            ...menus.map(({ command }) => command),
            ...[...menus, ...contributes.viewsWelcome].map(({ when }) => (when ?? '').replaceAll('\\.', '.')),
            ...contributes.viewsWelcome.map(({ view }) => view),
            ...Object.values(nls).flatMap((value) => [...value.matchAll(/command:(guestmem\.[\w.]+)/g)].map(([, id]) => id ?? '')),
        ];
        const ids = places.flatMap((place) => place.match(/\bguestmem\.\w+(?:\.\w+)?/g) ?? []).map((id) => id.replace(/\.focus$/, ''));
        assert.ok(ids.length > 50, 'the pattern finds the ids');
        assert.deepEqual([...new Set(ids)].filter((id) => !knownIds.has(id)), []);
    });

    it('use every text of package.nls.json, and no other', () => {
        const used = [...text.matchAll(/%([\w.]+)%/g)].map(([, key]) => key ?? '');
        assert.deepEqual([...new Set(used)].sort(), Object.keys(nls).sort());
    });

    it('name only files that exist', () => {
        const files = [
            ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
            ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.markdown)),
        ];
        assert.deepEqual(files.filter((file) => !existsSync(file)), []);
    });

    it('have a walkthrough of at most five steps', () => {
        for (const { steps } of contributes.walkthroughs) assert.ok(steps.length <= 5);
    });
});
