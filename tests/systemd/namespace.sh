#!/bin/bash
# Boot a real systemd as PID 1 in throw-away namespaces, where this checkout is installed as docs/systemd.md has it.
#
#   namespace.sh PYTHON [FOLDER]    prints the host's process id of that PID 1 once it has booted, and ends with stdin
#     PYTHON   the interpreter whose libraries are used (a virtual environment's)
#     FOLDER   its files appear below /, for instance FOLDER/etc/systemd/system/a.service
#
# Needs root with CAP_SYS_ADMIN, cgroup2, systemd and util-linux; no image, no network. / is an overlay of the host's
# with a tmpfs on top, so that the host is never written; the network is empty but for lo. Inside, the interpreter is
# /opt/python, its libraries /opt/deps, this checkout /opt/watcher/tree, and /opt/watcher/bin/watcher runs it.
set -euo pipefail
PYTHON=$1 FILES=${2:-}
TREE=$(realpath "$(dirname "$0")/../..")
read -r BASE DEPS SO <<<"$("$PYTHON" -c '
import sys, sysconfig
print(sys.base_prefix, sysconfig.get_path("purelib"), "python%d.%d" % sys.version_info[:2])')"
T=$(mktemp -d "${TMPDIR:-/tmp}/watcher-systemd.XXXXXX")
CG=$(findmnt -nt cgroup2 -o TARGET | head -1)/watcher-$$
LAUNCH=
cleanup() {
  [ -z "$LAUNCH" ] || kill -9 "$LAUNCH" 2>/dev/null || true  # --kill-child takes PID 1, and so all of it, along
  wait 2>/dev/null || true
  for _ in $(seq 100); do find "$CG" -depth -type d -exec rmdir {} + 2>/dev/null && break; [ -d "$CG" ] || break; sleep .05; done
  rm -rf --one-file-system "$T"
}
trap cleanup EXIT
trap 'exit 1' TERM INT
mkdir "$T/root" "$T/up"; mkdir "$CG"
cat >"$T/init.sh" <<'INIT'
set -euo pipefail
T=$1 BASE=$2 DEPS=$3 SO=$4 TREE=$5 FILES=$6; R=$T/root
mount -t tmpfs -o size=1g,mode=755 tmpfs "$T/up"; mkdir "$T/up/u" "$T/up/w"
mount -t overlay -o lowerdir=/,upperdir="$T/up/u",workdir="$T/up/w" overlay "$R"
mount -t proc proc "$R/proc"; mount --bind "$R/proc/sys" "$R/proc/sys"; mount -o remount,bind,ro "$R/proc/sys"
mount -t sysfs sysfs "$R/sys"; mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"; mount -o remount,bind,ro "$R/sys"
mount -t tmpfs -o mode=755,nosuid tmpfs "$R/dev"
for n in null zero full random urandom tty; do touch "$R/dev/$n"; mount --bind "/dev/$n" "$R/dev/$n"; done
mkdir "$R/dev/pts" "$R/dev/shm"; mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts "$R/dev/pts"
ln -s pts/ptmx "$R/dev/ptmx"; ln -s /proc/self/fd "$R/dev/fd"
for i in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${i%:*}" "$R/dev/${i#*:}"; done
mount -t tmpfs -o mode=1777 tmpfs "$R/dev/shm"; mount -t tmpfs -o mode=755 tmpfs "$R/run"
mount -t tmpfs -o mode=755 tmpfs "$R/etc/systemd/system"
[ ! -e "$R/etc/fstab" ] || mount --bind /dev/null "$R/etc/fstab"
rm -rf "$R/etc/watcher" "$R/opt/watcher" "$R/var/lib/watcher" "$R/var/lib/private/watcher" "$R/usr/local/bin/watcher"
mkdir -p "$R/opt/python" "$R/opt/watcher/bin" "$R/opt/deps" "$R/opt/watcher/tree" "$R/opt/watcher/lib/$SO/site-packages"
# Read-only, for these are the host's own.
for pair in "$BASE:$R/opt/python" "$DEPS:$R/opt/deps"; do
  mount --bind "${pair%%:*}" "${pair#*:}"; mount -o remount,bind,ro "${pair#*:}"
done
for part in watcher templates systemd docs rules.yaml; do cp -r "$TREE/$part" "$R/opt/watcher/tree/"; done
chmod -R a+rX "$R/opt/watcher/tree"
# A virtual environment, as `python -m venv` makes it; deps' own .pth files (an editable install) are not read.
ln -s "/opt/python/bin/$SO" "$R/opt/watcher/bin/python"
printf 'home = /opt/python/bin\n' >"$R/opt/watcher/pyvenv.cfg"
printf '/opt/watcher/tree\n/opt/deps\n' >"$R/opt/watcher/lib/$SO/site-packages/watcher.pth"
printf '#!/opt/watcher/bin/python\nfrom watcher.cli import main\n\nmain()\n' >"$R/opt/watcher/bin/watcher"
chmod 755 "$R/opt/watcher/bin/watcher"
# An interpreter may look for its libpython where it was built, which ProtectHome= may hide; the host's is another.
if [ "$BASE" != /usr ] && ls "$BASE"/lib/libpython*.so.* >/dev/null 2>&1; then
  { echo /opt/python/lib; cat "$R/etc/ld.so.conf"; } >"$T/ld.so.conf"; cp "$T/ld.so.conf" "$R/etc/ld.so.conf"
  chroot "$R" ldconfig
fi
# Before /tmp is hidden: it may hold FILES.
[ -z "$FILES" ] || cp -r "$FILES/." "$R/"
for d in tmp var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$R/$d"; done
for d in var/lib/private var/cache/private var/log/journal; do mkdir -p "$R/$d"; done; chmod 700 "$R/var/lib/private"
mount -t tmpfs -o mode=755 tmpfs "$R/var/log/journal"
cat >"$R/etc/systemd/system/quiet.target" <<UNIT
[Unit]
Description=Nothing but the basics
Requires=basic.target
After=basic.target
AllowIsolate=yes
UNIT
echo watcher-test >"$R/etc/hostname"; hostname watcher-test
cd "$R"; pivot_root . .; umount -l .
# A container manager's job: without it LoadCredential= leaves an unreadable, empty directory.
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot . /lib/systemd/systemd --system \
  --unit=quiet.target --log-target=journal --log-level=info --show-status=no systemd.firstboot=no </dev/null
INIT
( echo $BASHPID >"$CG/cgroup.procs"; exec unshare --fork --kill-child --pid --mount --cgroup --uts --ipc --net \
    --propagation private bash "$T/init.sh" "$T" "$BASE" "$DEPS" "$SO" "$TREE" "$FILES" ) >"$T/pid1.log" 2>&1 </dev/null &
LAUNCH=$!
for _ in $(seq 400); do
  kill -0 "$LAUNCH" 2>/dev/null || { echo "PID 1 did not start:" >&2; cat "$T/pid1.log" >&2; exit 1; }
  PID1=$(tr -d ' ' <"/proc/$LAUNCH/task/$LAUNCH/children" 2>/dev/null) || true
  if [ -n "$PID1" ] && [ "$(cat "/proc/$PID1/comm" 2>/dev/null)" = systemd ] && [ -S "/proc/$PID1/root/run/systemd/private" ]; then
    echo "$PID1"
    cat >/dev/null  # until whoever started us closes it
    exit 0
  fi
  sleep .05
done
echo "PID 1 did not boot:" >&2; cat "$T/pid1.log" >&2
exit 1
