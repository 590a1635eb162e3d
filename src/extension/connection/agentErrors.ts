/** What can go wrong between this window and an agent: one factory per failure, in the user's language. */
import * as vscode from 'vscode';
import { GuestmemError } from '../../common/errors';
import { displayText } from '../displayText';

/** Stands before every message: which command was tried. */
const tried = (command: readonly string[]) => displayText(command.join(' '));

export const agentErrors = {
    missing: (command: readonly string[], errno: string) =>
        new GuestmemError(
            'agent',
            errno === 'ENOENT'
                ? vscode.l10n.t(
                      "The agent was not started: there is no program '{0}'. Correct the setting guestmem.agent.command or guestmem.places.",
                      displayText(command[0] ?? ''),
                  )
                : vscode.l10n.t(
                      "The agent was not started: '{0}' failed with {1}. Correct the setting guestmem.agent.command or guestmem.places.",
                      tried(command),
                      errno,
                  ),
            { command, errno },
        ),

    /** `lastWords` is the end of what it wrote to stderr. */
    ended: (command: readonly string[], how: string, lastWords: string) =>
        new GuestmemError(
            'agent',
            lastWords === ''
                ? vscode.l10n.t("The agent '{0}' ended ({1}). Restart it, or look into the log.", tried(command), how)
                : vscode.l10n.t(
                      "The agent '{0}' ended ({1}) and said: {2}. Restart it, or look into the log.",
                      tried(command),
                      how,
                      displayText(lastWords),
                  ),
            { command, how },
        ),

    hung: (command: readonly string[]) =>
        new GuestmemError(
            'agent',
            vscode.l10n.t(
                "The agent '{0}' did not answer any more and was ended. It starts again with the next request; if that hangs too, look at the way to its host.",
                tried(command),
            ),
            { command },
        ),

    garbage: (command: readonly string[], found: string) =>
        new GuestmemError(
            'agent',
            vscode.l10n.t(
                "'{0}' does not speak the agent's protocol ({1}). Correct the setting guestmem.agent.command or guestmem.places so that it starts a Guestmem agent.",
                tried(command),
                displayText(found),
            ),
            { command },
        ),

    silent: (command: readonly string[], seconds: number) =>
        new GuestmemError(
            'agent',
            vscode.l10n.t(
                "'{0}' started, but no agent answered within {1} s. Try the command in a terminal: it may be waiting for a password.",
                tried(command),
                seconds,
            ),
            { command },
        ),

    /** This window itself ended the agent, to restart it or for good. */
    stopped: () => new GuestmemError('agent', vscode.l10n.t('The agent was stopped before it answered.'), { stopped: true }),
};
