#!/usr/bin/env bash
# The master dies, and another one takes over what it left. Nobody who only wants an answer notices.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cfg() { # text
	printf 'global\n    workers 2\n    stats socket %s level admin\nfrontend f\n    mode http\n    timeout client 30s\n    bind 127.0.0.1:%s\n' "$T/sock" "$P"
	printf '    http-request return status 200 content-type text/plain string "%s"\n' "$1"
}
says() { [ "$(http "http://127.0.0.1:$P/")" = "$1" ]; }
count() { grep -c "accepts connections" "$T/sluice.err" || true; }
accepts() { [ "$(count)" -gt "$N" ]; }
reload() { N=$(count); kill -HUP "$MASTER"; wait_for 10 accepts; }
told() { wait_for 10 grep -q "$1" "$T/sluice.err" || fail "not said: $1"; }
kill_master() { : >"$T/sluice.err"; kill -9 "$MASTER"; wait "$MASTER" 2>/dev/null || true; told "master is gone"; }

cp "$SLUICE" "$T/bin"; SLUICE=$T/bin
cfg one >"$T/a.cfg"
sluice_start "$T/a.cfg"
L=$(kids leader) W=$(kids worker)
"$TOOLS/client" -p "$P" -s -x -c 2 -d 120 -f "$T/stop" >"$T/client" 2>&1 & CL=$!

t "without a master everything is served and a worker is replaced"
kill_master
says one || fail "no answer"
kill -9 "$(echo "$W" | sed -n 1p)"
told "New worker"
says one || fail "no answer"
touch "$T/stop"; wait "$CL" || true # what was open in that worker is lost
rm -f "$T/stop"; "$TOOLS/client" -p "$P" -s -x -c 2 -d 120 -f "$T/stop" >"$T/client" 2>&1 & CL=$!

t "an instance of another configuration is refused as ever"
cp "$T/a.cfg" "$T/b.cfg"
"$SLUICE" -f "$T/b.cfg" >"$T/second" 2>&1 && fail "it started" || is 1 $?
match "already in use" "$(cat "$T/second")"

t "the same command takes over the leader and its listeners"
sluice_start "$T/a.cfg"
told "took over 1 generation"
kill -0 "$L" || fail "the leader is another"
is "$MASTER" "$(cat "$T/sluice.pid")"
says one || fail "no answer"

t "beside a living master it is refused"
"$SLUICE" -f "$T/a.cfg" >"$T/second" 2>&1 && fail "it started" || is 1 $?
match "already in use" "$(cat "$T/second")"

t "the new master reloads: the adopted generation drains and ends"
cfg two >"$T/a.cfg"; reload
says two || fail "not reloaded"
wait_for 10 gone "$L" || fail "the old leader lives on"
is 1 "$(kids leader | wc -l)"

t "a draining generation is taken over as well, and no second one accepts"
exec 5<>"/dev/tcp/127.0.0.1/$P"
printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&5
read -r -t 5 LINE <&5; match "200 OK" "$LINE"
D=$(kids leader)
cfg three >"$T/a.cfg"; reload
kill_master
sluice_start "$T/a.cfg"
told "took over 2 generations"
kill -0 "$D" || fail "the draining leader has ended"
says three || fail "no answer"
printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&5
match "two" "$(timeout 5 cat <&5)"
exec 5<&-
wait_for 10 gone "$D" || fail "the draining leader does not end"

t "the death of an adopted leader is noticed, its workers serve until the next generation"
L=$(echo "show proc" | socat -t 5 - "UNIX-CONNECT:$T/sock" | awk '$1 ~ /^[0-9]+$/ && $2 == "leader" {print $1; exit}')
N=$(count); kill -9 "$L"
wait_for 15 accepts || fail "no new generation"
says three || fail "no answer"

t "not one connection failed in all of this"
touch "$T/stop"
wait "$CL" || fail "$(cat "$T/client")"

t "the runtime socket was there all the time"
match "$MASTER +master" "$(echo "show proc" | socat -t 5 - "UNIX-CONNECT:$T/sock")"

t "SIGTERM to the new master ends everything"
wait_for 10 eval '[ "$(kids leader | wc -l)" = 1 ]'
ALL=$(tree "$MASTER"); kill -TERM "$MASTER"; wait "$MASTER" || true
for p in $ALL; do wait_for 5 gone "$p" || fail "process $p lives on"; done
MASTER=

grep -q SLUICE_CRASH_AT "$SLUICE" && {
	t "a newer program at the same path becomes the master, under the same pid"
	cfg four >"$T/a.cfg"; sluice_start "$T/a.cfg"
	cp "$T/bin" "$T/new"; mv "$T/new" "$T/bin"
	match deleted "$(readlink "/proc/$MASTER/exe")"
	reload
	upgraded() { [ "$(readlink "/proc/$MASTER/exe")" = "$T/bin" ]; }
	wait_for 10 upgraded
	told "took over 1 generation"
	says four || fail "no answer"
	cfg five >"$T/a.cfg"; reload
	wait_for 5 says five
	sluice_stop
} || true
