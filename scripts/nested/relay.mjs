// node relay.mjs SOCKET: joins stdin and stdout to an agent inside the nested machine, as the last part of a
// `guestmem.agent.command`. SOCKET is the host's end of the machine's virtio-serial port. The port serves one session
// at a time and knows no sessions itself: this waits for the line with which serveAgent.sh begins one, and connects
// again when it does not come (the machine may not have seen yet that the session before had ended).
import { connect } from 'node:net';

const greeting = Buffer.from('\nguestmem session\n');
const patience = 60_000; // for a session; milliseconds, as all times here
const attempt = 3_000;
const pause = 500;

const [path] = process.argv.slice(2);
if (path === undefined) fail('Usage: node relay.mjs SOCKET');
const deadline = Date.now() + patience;
open();

function open() {
    const socket = connect(path);
    let seen = Buffer.alloc(0);
    const timer = setTimeout(() => socket.destroy(new Error('no agent answered')), attempt);
    socket.on('data', greeted);
    socket.once('error', again);
    socket.once('end', () => again(new Error('the machine closed the connection')));

    function greeted(bytes) {
        seen = Buffer.concat([seen, bytes]);
        const start = seen.indexOf(greeting);
        if (start < 0) return;
        clearTimeout(timer);
        socket.removeAllListeners();
        relay(socket, seen.subarray(start + greeting.length));
    }

    function again(error) {
        clearTimeout(timer);
        socket.removeAllListeners().on('error', () => undefined).destroy();
        if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || Date.now() > deadline) {
            fail(`No agent of the nested machine at ${path}: ${error.message}. Is the machine running, and does no other window use it?`);
        }
        setTimeout(open, pause);
    }
}

function relay(socket, first) {
    let tail = Buffer.alloc(0); // what may be the beginning of another greeting
    const forward = (bytes) => {
        const seen = Buffer.concat([tail, bytes]);
        if (seen.includes(greeting)) fail('The agent in the nested machine ended by itself.');
        tail = seen.subarray(Math.max(0, seen.length - greeting.length + 1));
        if (!process.stdout.write(bytes)) {
            socket.pause();
            process.stdout.once('drain', () => socket.resume());
        }
    };
    socket.on('data', forward);
    socket.once('error', (error) => fail(`The connection to the nested machine broke: ${error.message}`));
    socket.once('close', () => process.exit(0));
    process.stdin.pipe(socket);
    process.stdout.once('error', () => process.exit(0)); // whoever started this has gone
    forward(first);
}

function fail(message) {
    console.error(message);
    process.exit(1);
}
