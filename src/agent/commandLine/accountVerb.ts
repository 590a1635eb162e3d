import { printReport, type OutputOptions, type VerbContext } from './verbs';
import { renderAccount } from './render/account';

export interface AccountOptions extends OutputOptions {
    readonly pss?: true;
}

/** Prints where a VM's memory is. */
export async function accountVerb({ handlers, pace }: VerbContext, vm: string, options: AccountOptions): Promise<void> {
    await printReport(await handlers.account({ vm, pss: options.pss === true }, pace), options, renderAccount);
}
