/** Programs of one C file that tests look at. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';

/** Compiles `name` unless what was compiled is newer; returns the program's path. */
export function compileFixture(name: string): string {
    const source = `test/native/fixtures/${name}`;
    const product = `out/native/${name.replace(/\.cc?$/, '')}`;
    if (existsSync(product) && statSync(product).mtimeMs > statSync(source).mtimeMs) return product;
    mkdirSync('out/native', { recursive: true });
    execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', source, '-o', product]);
    return product;
}
