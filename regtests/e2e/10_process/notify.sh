#!/usr/bin/env bash
# What the service manager is told, over its own socket.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cat >"$T/a.cfg" <<-END
	global
	    workers 1
	frontend f
	    mode http
	    bind 127.0.0.1:$P
	    timeout client 30s
	    http-request return status 200
END
receiver() { # address: writes every datagram to $T/notes
	: >"$T/notes"
	socat -u "$1" "OPEN:$T/notes,append" & PIDS+=($!)
}
told() { grep -q "$1" "$T/notes"; }

t "READY=1 with the main pid comes once connections are accepted"
receiver "UNIX-RECV:$T/notify"
wait_for 5 test -S "$T/notify"
export NOTIFY_SOCKET=$T/notify
sluice_start "$T/a.cfg" -Ws
wait_for 5 told "READY=1"
told "MAINPID=$MASTER" || fail "no main pid: $(cat "$T/notes")"
is 200 "$(code "http://127.0.0.1:$P/")"

t "the notification socket is not passed on to the processes below"
for p in $(kids leader) $(kids worker); do
	nomatch NOTIFY_SOCKET "$(tr '\0' '\n' <"/proc/$p/environ")"
done

t "a reload is RELOADING=1, then READY=1"
: >"$T/notes"
kill -USR2 "$MASTER"
wait_for 10 told "RELOADING=1"
told "MONOTONIC_USEC=[0-9]" || fail "no time stamp"
wait_for 10 told "READY=1"

t "a failed reload is READY=1 again, with the first error as the status"
: >"$T/notes"
echo nonsense >>"$T/a.cfg"
kill -USR2 "$MASTER"
wait_for 10 told "STATUS=Reload failed: .*a.cfg:8:1: error: "
told "READY=1" || fail "not ready again"
sed -i '$d' "$T/a.cfg"

t "the end is STOPPING=1"
kill -TERM "$MASTER"
wait_for 5 told "STOPPING=1"
sluice_stop

t "an abstract socket works as well"
A=sluice-notify-$$
receiver "ABSTRACT-RECV:$A"
wait_for 5 grep -q "@$A" /proc/net/unix
NOTIFY_SOCKET=@$A sluice_start "$T/a.cfg"
wait_for 5 told "READY=1"
sluice_stop
