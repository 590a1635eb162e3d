import { describeHostMemory } from '../support/hostMemorySuite';

describeHostMemory('sw-protected');
