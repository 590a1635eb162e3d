import tseslint from 'typescript-eslint';

/** A folder under src/ is a place where code runs. Places never import one another; they meet in common. */
const mayImport = {
    common: [],
    agent: ['common'],
    extension: ['common'],
    webview: ['common'],
};
const places = Object.keys(mayImport);

const boundary = ([place, allowed]) => ({
    files: [`src/${place}/**/*.ts`],
    rules: {
        'no-restricted-imports': [
            'error',
            {
                paths: place === 'extension' ? [] : [{ name: 'vscode', message: 'Only src/extension imports vscode.' }],
                patterns: [
                    {
                        group: places.filter((other) => other !== place && !allowed.includes(other)).map((other) => `**/${other}/**`),
                        message: `src/${place} may import only from itself${allowed.length > 0 ? ` and ${allowed.join(', ')}` : ''}.`,
                    },
                    ...(place === 'common' || place === 'webview'
                        ? [{ group: ['node:*', 'vscode-jsonrpc*', 'commander'], message: `src/${place} runs without Node.` }]
                        : []),
                    ...(place === 'agent' ? [] : [{ group: ['**/native/**', '*.node'], message: 'Only the agent loads the addon.' }]),
                ],
            },
        ],
    },
});

export default tseslint.config(
    { ignores: ['dist/', 'out/', 'native/build/', 'native/bpf/generated/', 'demo/build/', 'node_modules/', 'test/harness/node_modules/'] },
    ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
    {
        files: ['**/*.ts'],
        languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
        rules: {
            '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allow: ['bigint'] }],
            '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
            '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
            eqeqeq: 'error',
        },
    },
    ...Object.entries(mayImport).map(boundary),
    { files: ['src/agent/native.ts'], rules: { 'no-restricted-imports': 'off' } },
    {
        files: ['test/**/*.ts', 'bench/**/*.ts'],
        rules: { '@typescript-eslint/no-unused-expressions': 'off', '@typescript-eslint/no-floating-promises': 'error' },
    },
);
