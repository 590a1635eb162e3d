import { describeGuestMemfdAlone } from '../support/doubleBackedSuite';

describeGuestMemfdAlone();
