/** Checks of JSON that anybody may have written: each returns what it checked, made anew of the known fields alone. */
export type Check<T> = (value: unknown, path: string) => T;
type Checked<C> = C extends Check<infer T> ? T : never;

/** What is wrong, and where: "details.vm.pid is no whole number from 0 to 4194304". */
export class ShapeError extends Error {
    constructor(path: string, problem: string) {
        super(`${path} ${problem}`);
    }
}

export function text(longest: number, form = /^/u): Check<string> {
    return (value, path) => {
        if (typeof value !== 'string') throw new ShapeError(path, 'is no text');
        if (value.length > longest) throw new ShapeError(path, `is longer than ${longest} characters`);
        if (!form.test(value)) throw new ShapeError(path, 'has not the form that it must have');
        return value;
    };
}

export function whole(least: number, most: number): Check<number> {
    return (value, path) => {
        if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
            throw new ShapeError(path, `is no whole number from ${least} to ${most}`);
        }
        return value as number;
    };
}

export const flag: Check<boolean> = (value, path) => {
    if (typeof value !== 'boolean') throw new ShapeError(path, 'is neither true nor false');
    return value;
};

export function oneOf<const T>(values: readonly T[]): Check<T> {
    return (value, path) => {
        const found = values.find((candidate) => candidate === value);
        if (found === undefined) throw new ShapeError(path, `is none of ${values.map((each) => JSON.stringify(each)).join(', ')}`);
        return found;
    };
}

export function orNull<T>(check: Check<T>): Check<T | null> {
    return (value, path) => (value === null ? null : check(value, path));
}

export function listOf<T>(most: number, check: Check<T>): Check<T[]> {
    return (value, path) => {
        if (!Array.isArray(value)) throw new ShapeError(path, 'is no array');
        if (value.length > most) throw new ShapeError(path, `has more than ${most} entries`);
        return value.map((each: unknown, index) => check(each, `${path}[${index}]`));
    };
}

export function record<Shape extends Readonly<Record<string, Check<unknown>>>>(shape: Shape): Check<{ [Key in keyof Shape]: Checked<Shape[Key]> }> {
    return (value, path) => {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ShapeError(path, 'is no object');
        const fields = value as Readonly<Record<string, unknown>>;
        const checked = Object.entries(shape).map(([name, check]) => [
            name,
            check(Object.hasOwn(fields, name) ? fields[name] : undefined, path === '' ? name : `${path}.${name}`),
        ]);
        return Object.fromEntries(checked) as { [Key in keyof Shape]: Checked<Shape[Key]> };
    };
}
