import { describeAccount } from '../support/accountSuite';

describeAccount('sw-protected');
