/** The command line as a program. */
import { runCommandLine } from './commandLine/cli';
import { endWhenNothingCanBeWritten } from './commandLine/output';

endWhenNothingCanBeWritten();
void runCommandLine(process.argv.slice(2)).then((status) => {
    process.exitCode = status;
});
