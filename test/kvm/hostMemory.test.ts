import { describeHostMemory } from '../support/hostMemorySuite';

describeHostMemory('default');
