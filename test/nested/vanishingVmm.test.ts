/** A VMM with private memory that is killed while it is read. */
import { describeVanishingVmm } from '../support/vanishingVmmSuite';

describeVanishingVmm(['--type', 'sw-protected', '--slots', '100', '--gmem', '32M', '--populate'], 4);
