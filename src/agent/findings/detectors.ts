/** Every kind of finding that a VM's state tells. What only a recording tells is in events/patterns. */
import type { Detector } from './detector';
import { findDoubleBacked } from './doubleBacked';
import { findDoubledByPrivateMapping } from './doubledByPrivateMapping';
import { findFragmentedShared } from './fragmentedShared';
import { findHeldInGuestMemfd } from './heldInGuestMemfd';
import { findHostMappedPrivate } from './hostMappedPrivate';
import { findLeakedGuestMemfd } from './leakedGuestMemfd';
import { findMisalignedMemslot } from './misalignedMemslot';
import { findPrivateWithoutGuestMemfd } from './privateWithoutGuestMemfd';
import { findSeccompForbidsConversion } from './seccompForbidsConversion';
import { findSmallGuestPages } from './smallGuestPages';
import { findUnboundGuestMemfd } from './unboundGuestMemfd';
import { findVmWithoutDescriptor } from './vmWithoutDescriptor';

export const detectors: readonly Detector[] = [
    findVmWithoutDescriptor,
    findLeakedGuestMemfd,
    findPrivateWithoutGuestMemfd,
    findHostMappedPrivate,
    findDoubleBacked,
    findHeldInGuestMemfd,
    findUnboundGuestMemfd,
    findDoubledByPrivateMapping,
    findMisalignedMemslot,
    findSmallGuestPages,
    findFragmentedShared,
    findSeccompForbidsConversion,
];
