import * as vscode from 'vscode';
import { contextKeyDefaults, type ContextKey, type ContextKeys } from '../common/manifest';

/** A context key that is sent to VS Code only when its value changes. */
export class ManagedContextKey<Key extends ContextKey> {
    private sent: ContextKeys[Key];

    constructor(private readonly key: Key) {
        this.sent = contextKeyDefaults[key];
        this.send();
    }

    get value(): ContextKeys[Key] {
        return this.sent;
    }

    set value(value: ContextKeys[Key]) {
        if (value === this.sent) return;
        this.sent = value;
        this.send();
    }

    private send(): void {
        void vscode.commands.executeCommand('setContext', this.key, this.sent);
    }
}
