/** What VS Code runs in its extension host: the test files named by the runner; mocha's JSON goes where it says. */
import Mocha from 'mocha';

function fromEnvironment(name: string): string {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set; 'npm test -- extension' runs these tests.`);
    return value;
}

export async function run(): Promise<void> {
    const mocha = new Mocha({
        ui: 'bdd',
        timeout: 60_000,
        reporter: 'json',
        reporterOptions: { output: fromEnvironment('MOCHA_JSON') },
    });
    for (const file of JSON.parse(fromEnvironment('GUESTMEM_TEST_FILES')) as string[]) mocha.addFile(file);
    await new Promise<void>((resolve, reject) => {
        mocha.run((failures) => {
            if (failures === 0) resolve();
            else reject(new Error(`${failures} tests failed`));
        });
    });
}
