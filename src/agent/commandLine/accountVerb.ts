import { printReport, type OutputOptions, type VerbContext } from './verbs';
import { renderAccount } from './render/account';

/** Prints where a VM's memory is. */
export async function accountVerb({ handlers, pace }: VerbContext, vm: string, options: OutputOptions): Promise<void> {
    await printReport(await handlers.account({ vm, pss: true }, pace), options, renderAccount);
}
