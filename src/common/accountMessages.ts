/** The wire between the extension host and the page of a VM's account: one union for each direction. */
import type { MemoryAccount } from './memoryAccount';

/** Host → webview. */
export type AccountEvent =
    | { readonly type: 'account'; readonly title: string; readonly account: MemoryAccount }
    /** A reading that takes long is under way, and may be cancelled. */
    | { readonly type: 'busy'; readonly busy: boolean }
    /** The VM or its agent went away; the last account stays, with this text and buttons that help. */
    | { readonly type: 'stale'; readonly message: string; readonly remedies: readonly string[] };

/** Webview → host. */
export type AccountRequest =
    | { readonly type: 'ready' | 'refresh' | 'cancel' | 'showOnMap' }
    /** A button of the stale page, by its label. */
    | { readonly type: 'remedy'; readonly label: string };

/** Undefined for anything else: a webview is not trusted. */
export function parseAccountRequest(message: unknown): AccountRequest | undefined {
    if (typeof message !== 'object' || message === null) return undefined;
    const { type, label } = message as Readonly<Record<string, unknown>>;
    if (type === 'ready' || type === 'refresh' || type === 'cancel' || type === 'showOnMap') return { type };
    return type === 'remedy' && typeof label === 'string' ? { type, label } : undefined;
}
