/** What the agent does for requests about accounts. */
import type { AccountMethods } from '../../common/memoryAccount';
import type { VmDirectory } from '../discovery/vmDirectory';
import type { Pace } from '../pace';
import type { ReadPageMap } from '../pages/pageMap';
import { checkFields, checkFlag, checkVm } from '../validate';
import { readMemoryAccount } from './memoryAccount';

type AccountHandlers = {
    readonly [Method in keyof AccountMethods]: (params: unknown, pace: Pace) => Promise<AccountMethods[Method]['result']>;
};

export const makeAccountHandlers = (directory: VmDirectory, readMap: ReadPageMap): AccountHandlers => ({
    account: (params, pace) => {
        const fields = checkFields(params);
        const withPss = checkFlag(fields['pss'], 'pss');
        return directory.withVm(checkVm(fields['vm']), pace, (open) => readMemoryAccount(open, withPss, readMap, pace));
    },
});
