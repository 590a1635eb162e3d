/**
 * How each debug adapter evaluates an expression of C, once, with the one thread running; and what its answer means. The
 * table has the adapters for native code that VS Code's users have, by the type in their launch configuration.
 */

export interface DebugAdapter {
    readonly toEvaluate: (expression: string) => { readonly expression: string; readonly context: 'repl' | 'watch' };
    /** LLDB compiles a call, for which it maps memory in the process; gdb needs no more than the stack. */
    readonly isLldb: boolean;
}

/**
 * Only the thread of the frame goes on meanwhile; a signal that would stop it inside a call ends the call, and gdb puts the
 * registers back; the expression is C even where the program is written in Rust; `output` keeps no history.
 */
const gdbCommand = (expression: string) => `with scheduler-locking on -- with unwindonsignal on -- with language c -- output/d ${expression}`;

const adapters = new Map<string, DebugAdapter>([
    // gdb's own (`gdb -i dap`): commands are for its console.
    ['gdb', { toEvaluate: (expression) => ({ expression: gdbCommand(expression), context: 'repl' }), isLldb: false }],
    // Microsoft's C/C++, with gdb behind it.
    ['cppdbg', { toEvaluate: (expression) => ({ expression: `-exec ${gdbCommand(expression)}`, context: 'repl' }), isLldb: false }],
    // CodeLLDB takes "/nat" for LLDB's own expressions.
    ['lldb', { toEvaluate: (expression) => ({ expression: `/nat ${expression}`, context: 'watch' }), isLldb: true }],
    ['lldb-dap', { toEvaluate: (expression) => ({ expression, context: 'watch' }), isLldb: true }],
]);

export const adapterTypes: readonly string[] = [...adapters.keys()];

export const adapterOf = (type: string): DebugAdapter | undefined => adapters.get(type);

/** A decimal number, which LLDB's console writes as "(long) $0 = 42"; undefined for everything else. */
export function parseResult(text: unknown): bigint | undefined {
    const number = typeof text === 'string' ? /^\s*(?:(?:\([a-z ]+\) )?\$[0-9]+ = )?(-?[0-9]{1,20})\s*$/.exec(text)?.[1] : undefined;
    return number === undefined ? undefined : BigInt(number);
}
