#!/usr/bin/env bash
# Starting, refusing to start, and the ways to stop.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
cat >"$T/a.cfg" <<-END
	global
	    workers 2
	defaults
	    mode http
	    timeout connect 20s
	    timeout client 30s
	    timeout server 30s
	frontend f
	    bind 127.0.0.1:$P
	    default_backend b
	backend b
	    server o 127.0.0.1:$O
END
origin "$O" o
not_listening() { ! listening "$P"; }
wait_is() { # status: the master's, which must be our child: no subshell
	local rc=0; wait "$MASTER" || rc=$?
	is "$1" "$rc"
}

t "the pid file holds the started pid once requests are answered"
sluice_start "$T/a.cfg"
is "$MASTER" "$(cat "$T/sluice.pid")"
is 200 "$(code "http://127.0.0.1:$P/")"

t "the tree is one leader, one checker and the configured workers"
is 1 "$(kids leader | wc -l)"
is 1 "$(kids checker | wc -l)"
is 2 "$(kids worker | wc -l)"

t "a second instance on the same address exits 1, names the line, and leaves the first alone"
"$SLUICE" -f "$T/a.cfg" -p "$T/second.pid" >"$T/second" 2>&1 && fail "it started" || is 1 $?
match "a.cfg:9:.*cannot bind 127.0.0.1:$P.*already in use" "$(cat "$T/second")"
[ ! -e "$T/second.pid" ] || fail "it wrote a pid file"
is 200 "$(code "http://127.0.0.1:$P/")"

t "SIGTERM ends everything at once with status 0"
ALL=$(tree "$MASTER"); kill -TERM "$MASTER"
wait_is 0
for p in $ALL; do wait_for 5 gone "$p" || fail "process $p lives on"; done

t "with -W the status is 128 + signal"
sluice_start "$T/a.cfg" -W; kill -TERM "$MASTER"; wait_is 143
sluice_start "$T/a.cfg" -Ws; kill -INT "$MASTER"; wait_is 130
sluice_start "$T/a.cfg" -W; kill -USR1 "$MASTER"; wait_is 0

t "SIGINT ends it with status 0"
sluice_start "$T/a.cfg"; kill -INT "$MASTER"; wait_is 0

t "SIGUSR1 finishes the open request and accepts no other"
sluice_start "$T/a.cfg"
http "http://127.0.0.1:$P/hold/usr1" >"$T/slow" &
SLOW=$!
wait_for 5 grep -q hold "$T/origin.o.log"
kill -USR1 "$MASTER"
wait_for 5 not_listening
kill -0 "$MASTER" || fail "it did not wait for the request"
: >"$T/usr1"; wait "$SLOW" || fail "the open request was cut"
is o "$(tr -d '\n' <"$T/slow")"
wait_is 0

t "a second SIGTERM kills what does not stop"
sluice_start "$T/a.cfg"
ALL=$(tree "$MASTER"); for w in $(kids worker); do kill -STOP "$w"; done
kill -TERM "$MASTER"; wait_for 5 grep -q "Stopping on signal" "$T/sluice.err"
kill -TERM "$MASTER"
wait_is 0
for p in $ALL; do wait_for 2 gone "$p" || fail "process $p lives on"; done

t "one SIGTERM is enough for a worker that hangs"
sluice_start "$T/a.cfg"
ALL=$(tree "$MASTER"); for w in $(kids worker); do kill -STOP "$w"; done
kill -TERM "$MASTER"
wait_is 0
for p in $ALL; do wait_for 2 gone "$p" || fail "process $p lives on"; done
MASTER=

t "a broken configuration exits 1 with its place and starts nothing"
sed 's/mode http/mode htpt/' "$T/a.cfg" >"$T/bad.cfg"
"$SLUICE" -f "$T/bad.cfg" >"$T/bad" 2>&1 && fail "it started" || is 1 $?
match "bad.cfg:4:" "$(cat "$T/bad")"

t "an unknown switch exits 1 and shows the usage"
"$SLUICE" -f "$T/a.cfg" --nonsense >"$T/usage" 2>&1 && fail "it started" || is 1 $?
match "'--nonsense'.*usage:" "$(tr '\n' ' ' <"$T/usage")"

t "-C changes the directory before files are read"
sluice_start a.cfg -C "$T"
is 200 "$(code "http://127.0.0.1:$P/")"
sluice_stop

t "closed standard descriptors do no harm"
rm -f "$T/sluice.pid"
"$SLUICE" -f "$T/a.cfg" -p "$T/sluice.pid" <&- >&- 2>&- &
MASTER=$!
wait_for 10 test -s "$T/sluice.pid"
is 200 "$(code "http://127.0.0.1:$P/")"
sluice_stop
