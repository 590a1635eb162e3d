/** The agent as a program of its own: the protocol on stdin and stdout at once. */
import { endWithAgent } from './commandLine/agentVerb';

void endWithAgent();
