/**
 * Where commands end: errors are shown here, once, each with the buttons that help. `run` is also the way in for
 * whatever is no command but can fail (a message of the map, a click of the debugger).
 */
import * as vscode from 'vscode';
import { toGuestmemError, type GuestmemError } from '../common/errors';
import type { CommandId } from '../common/manifest';
import { remediesFor } from './connection/errorRemedies';

type CommandHandler = (argument: unknown) => unknown;

export class CommandBoundary {
    constructor(private readonly log: vscode.LogOutputChannel) {}

    register(id: CommandId, handler: CommandHandler): vscode.Disposable {
        return vscode.commands.registerCommand(id, (argument: unknown) => this.run(() => handler(argument)));
    }

    /** The handler's result; undefined when it failed, after the user was told why. */
    async run<Result>(handler: () => Result | Promise<Result>): Promise<Result | undefined> {
        try {
            return await handler();
        } catch (thrown) {
            const error = toGuestmemError(thrown);
            if (error.code !== 'cancelled') {
                this.log.error(thrown instanceof Error && thrown !== error ? thrown : error.message);
                void this.show(error);
            }
            return undefined;
        }
    }

    private async show(error: GuestmemError): Promise<void> {
        const remedies = remediesFor(error);
        const chosen = await vscode.window.showErrorMessage(error.message, ...remedies.map(({ label }) => label));
        await remedies.find(({ label }) => label === chosen)?.apply();
    }
}
