/** The command line as a program. */
import { runCommandLine } from './cli';
import { endWhenNothingCanBeWritten } from './output';

endWhenNothingCanBeWritten();
void runCommandLine(process.argv.slice(2)).then((status) => {
    process.exitCode = status;
});
