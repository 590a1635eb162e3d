#!/bin/sh
# Process 1 of the nested machine. The host's root is mounted read-only over 9p; this puts a memory overlay on it, so
# that everything the host has installed works at the same path, runs /out/command, leaves its exit status in
# /out/status and powers the machine off. Only what is written below /out reaches the host.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

stage() {
    # pivot_root wants a mount point that is not the root itself: the overlay is built below a tmpfs on /mnt.
    mount -t tmpfs tmpfs /mnt &&
        mkdir /mnt/upper /mnt/work /mnt/root &&
        mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work,xino=off overlay /mnt/root &&
        mkdir /mnt/root/.lower &&
        cd /mnt/root && pivot_root . .lower && cd / &&
        mount -t proc proc /proc &&
        mount -t sysfs sysfs /sys &&
        mount -t devtmpfs devtmpfs /dev &&
        mkdir -p /dev/pts /dev/shm /out &&
        mount -t devpts devpts /dev/pts &&
        mount -t tmpfs tmpfs /dev/shm &&
        mount -t tmpfs tmpfs /run &&
        mount -t securityfs securityfs /sys/kernel/security &&
        mount -t debugfs debugfs /sys/kernel/debug &&
        mount -t tracefs tracefs /sys/kernel/tracing &&
        mount -t bpf bpf /sys/fs/bpf &&
        mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /out &&
        umount -l /.lower
}

if stage; then
    ip link set lo up 2>/dev/null || busybox ip link set lo up
    /bin/sh /out/command </dev/null >/out/stdout 2>/out/stderr
    echo $? >/out/status
else
    echo 'guestmem: the nested machine could not set up its file systems' >/dev/console
fi
sync
busybox poweroff -f
