#!/bin/sh
# Inside the nested machine: lets `guestmem agent` speak on the virtio-serial port, one session after the other. An
# agent ends with its input, that is when the host's side disconnects; closing the port drops what it had not read.
# Each session begins with a line that relay.mjs waits for, so that bytes of an earlier session never reach it; when it
# sees the line again, the agent has ended by itself.
agent=$(dirname "$0")/../../dist/agent.js
for entry in /sys/class/virtio-ports/*; do
    [ "$(cat "$entry/name")" = guestmem.agent ] && port=$(basename "$entry")
done
[ -n "$port" ] || {
    echo 'serveAgent: this machine has no virtio-serial port named guestmem.agent' >&2
    exit 1
}
connected() { grep -q 'host_connected: 1' "/sys/kernel/debug/virtio-ports/$port"; }

: >/out/agent-ready
while :; do
    until connected; do sleep 0.1; done
    {
        printf '\nguestmem session\n' >&3
        node "$agent" <&3 >&3 2>>/out/agent.log 3>&-
    } 3<>"/dev/$port"
done
