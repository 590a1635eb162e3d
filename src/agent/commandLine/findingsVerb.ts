import type { OutputOptions, VerbContext } from './verbs';
import { printReport } from './verbs';
import { renderFindings } from './render/findings';

export async function findingsVerb({ handlers, pace }: VerbContext, vm: string, options: OutputOptions): Promise<void> {
    await printReport(await handlers.findings({ vm }, pace), options, renderFindings);
}
