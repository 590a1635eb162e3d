/** Everything that the command line prints with --json has the shape that schema/ publishes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020';

const folder = 'schema';
const suffix = '.schema.json';

let ajv: Ajv2020 | undefined;

function load(): Ajv2020 {
    const loaded = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
    for (const file of readdirSync(folder)) loaded.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')) as object);
    return loaded;
}

/** `name` is a verb, or "error". */
export function assertShape(name: string, value: unknown): void {
    ajv ??= load();
    const validate = ajv.getSchema(name + suffix);
    assert.ok(validate, `${folder}/ has no ${name}${suffix}`);
    assert.ok(validate(value), `${name} does not fit its schema: ${ajv.errorsText(validate.errors)}`);
}
