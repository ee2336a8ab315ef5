#!/usr/bin/env bash
# The background: when the caller gets its prompt back, with which status, and what is left of the terminal.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
body() { cat <<-END
	frontend f
	    mode http
	    bind 127.0.0.1:$P
	    timeout client 30s
	    http-request return status 200 content-type text/plain string "here"
	END
}
{ printf 'global\n    workers 1\n'; body; } >"$T/a.cfg"
{ printf 'global\n    workers 1\n    daemon\n    pidfile %s\n' "$T/cfg.pid"; body; } >"$T/d.cfg"
stop() { MASTER=$(cat "$1"); ALL=$(tree "$MASTER"); kill "$MASTER"; for p in $ALL; do wait_for 5 gone "$p" || fail "$p lives on"; done; MASTER=; }

t "-D returns 0 when connections are accepted"
timeout 40 "$SLUICE" -D -f "$T/a.cfg" -p "$T/d.pid" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
is here "$(http "http://127.0.0.1:$P/")"
MASTER=$(cat "$T/d.pid")

t "the daemon has its own session and no process keeps the terminal"
is "$MASTER" "$(ps -o sid= -p "$MASTER" | tr -d ' ')"
for p in $(tree "$MASTER"); do
	for fd in 0 1 2; do is /dev/null "$(readlink "/proc/$p/fd/$fd")" "process $p, descriptor $fd"; done
done

t "-D returns 1 when the address is taken and says why"
rc=0; timeout 40 "$SLUICE" -D -f "$T/a.cfg" >"$T/out" 2>&1 || rc=$?
is 1 $rc
match "already in use" "$(cat "$T/out")"
stop "$T/d.pid"

t "-D returns 1 on a broken configuration"
echo nonsense >"$T/bad.cfg"
rc=0; timeout 40 "$SLUICE" -D -f "$T/bad.cfg" >"$T/out" 2>&1 || rc=$?
is 1 $rc
match "bad.cfg:1:" "$(cat "$T/out")"

t "daemon and pidfile in the configuration do the same"
out=$(timeout 40 "$SLUICE" -f "$T/d.cfg" 2>&1) || fail "$out"
is here "$(http "http://127.0.0.1:$P/")"
stop "$T/cfg.pid"

t "a reload of a daemon keeps its pid"
timeout 40 "$SLUICE" -f "$T/d.cfg" >/dev/null 2>&1
MASTER=$(cat "$T/cfg.pid"); L=$(kids leader)
kill -HUP "$MASTER"
wait_for 10 gone "$L"
is here "$(http "http://127.0.0.1:$P/")"
is "$MASTER" "$(cat "$T/cfg.pid")"
stop "$T/cfg.pid"

t "-db and -Ws stay in the foreground whatever the configuration says"
for sw in -db -d -Ws; do
	sluice_start "$T/d.cfg" $sw
	is "$MASTER" "$(cat "$T/sluice.pid")"
	sluice_stop
done

t "-p goes before pidfile"
rm -f "$T/cfg.pid"
sluice_start "$T/d.cfg" -db
[ ! -e "$T/cfg.pid" ] || fail "the configured file was written"
sluice_stop

t "a pid file that cannot be written refuses the start"
rc=0; timeout 40 "$SLUICE" -f "$T/a.cfg" -p /nowhere/at/all.pid >"$T/out" 2>&1 || rc=$?
is 1 $rc
match "cannot create the pid file /nowhere" "$(cat "$T/out")"
