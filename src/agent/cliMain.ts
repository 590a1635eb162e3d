/** The command line as a program. */
import { runCommandLine } from './cli';
import { endQuietlyWhenReaderLeaves } from './output';

endQuietlyWhenReaderLeaves();
void runCommandLine(process.argv.slice(2)).then((status) => {
    process.exitCode = status;
});
