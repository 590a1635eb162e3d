import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { colorVariable, mapColors, type MapColor, type MapColorName } from '../../src/common/mapColors';
import { mapLayers } from '../../src/common/mapLayers';

type Rgb = readonly [number, number, number];
const themes = ['dark', 'light', 'highContrast', 'highContrastLight'] as const;

/** Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB. */
const deficiencies: Record<string, readonly [Rgb, Rgb, Rgb]> = {
    none: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

function linear(color: string): Rgb {
    const channel = (at: number) => {
        const value = parseInt(color.slice(at, at + 2), 16) / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return [channel(1), channel(3), channel(5)];
}

const dot = (a: Rgb, b: Rgb) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const luminance = (rgb: Rgb) => dot(rgb, [0.2126, 0.7152, 0.0722]);

/** CIE 1976 L*a*b*, white D65. */
function lab(rgb: Rgb): Rgb {
    const curve = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116);
    const x = curve(dot(rgb, [0.4124, 0.3576, 0.1805]) / 0.95047);
    const y = curve(luminance(rgb));
    const z = curve(dot(rgb, [0.0193, 0.1192, 0.9505]) / 1.08883);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function contrast(one: string, other: string): number {
    const [light, dark] = [luminance(linear(one)), luminance(linear(other))].sort((a, b) => b - a);
    return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

describe('the colours of the map', () => {
    it('are what package.json contributes', () => {
        const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as { contributes: { colors: MapColor[] } };
        const nls = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>;
        const contributed = contributes.colors.map((color) => ({ ...color, description: nls[color.description.slice(1, -1)] }));
        const byId = (colors: readonly { readonly id: string }[]) => [...colors].sort((a, b) => (a.id < b.id ? -1 : 1));
        assert.deepEqual(byId(contributed), byId(Object.values(mapColors)));
    });

    it('have CSS variables as VS Code names them', () => {
        assert.equal(colorVariable('privateAbsent'), '--vscode-guestmemMap-privateAbsent');
    });

    for (const theme of themes) {
        const of = (name: MapColorName) => mapColors[name].defaults[theme];

        for (const [deficiency, matrix] of Object.entries(deficiencies)) {
            const seen = (name: MapColorName) => {
                const rgb = linear(of(name));
                const clip = (value: number) => Math.min(1, Math.max(0, value));
                return lab([clip(dot(matrix[0], rgb)), clip(dot(matrix[1], rgb)), clip(dot(matrix[2], rgb))]);
            };
            const distance = (one: MapColorName, other: MapColorName) => {
                const [a, b] = [seen(one), seen(other)];
                return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
            };

            it(`tell private from shared in ${theme} with colour deficiency ${deficiency}`, () => {
                for (const [one, other] of [['private', 'shared'], ['privateAllocated', 'sharedAllocated']] as const) {
                    assert.ok(distance(one, other) > 40, `${one} and ${other} are only ${distance(one, other).toFixed(1)} apart`);
                }
            });

            it(`and their marks tell the classes of every layer apart in ${theme} with colour deficiency ${deficiency}`, () => {
                for (const { id, classes } of mapLayers) {
                    for (const [i, one] of classes.entries()) {
                        if (one.mark !== 'none' && one.fill !== 'hole') {
                            assert.ok(distance(one.fill, one.markColor) > 20, `${id}: the mark of ${one.name} is hardly seen`);
                        }
                        for (const other of classes.slice(i + 1)) {
                            if (one.mark !== other.mark) continue;
                            const [a, b] = one.fill === 'hole' ? [one.markColor, other.markColor] : [one.fill, other.fill];
                            assert.ok(distance(a, b) > 17, `${id}: ${one.name} and ${other.name} are only ${distance(a, b).toFixed(1)} apart`);
                        }
                    }
                }
            });
        }

        it(`tell pages that exist from those that do not by lightness alone in ${theme}`, () => {
            for (const attribute of ['private', 'shared'] as const) {
                assert.ok(contrast(of(attribute), of(`${attribute}Allocated`)) > 1.3);
                assert.ok(contrast(of(`${attribute}Allocated`), of(`${attribute}Absent`)) > 1.3);
                assert.ok(contrast(of(attribute), of(`${attribute}Absent`)) > 3);
            }
        });
    }
});
