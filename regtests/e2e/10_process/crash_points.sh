#!/usr/bin/env bash
# A process dies at each step of a reload: some generation always serves, and the next reload works. Debug builds only.
. "$(dirname "$0")/../../lib/sluice.sh"

t "places for deaths exist in debug builds alone"
grep -q SLUICE_CRASH_AT "$SLUICE" || exit 0

P=$(port)
cat >"$T/a.cfg" <<C
global
    workers 2
frontend f
    mode http
    timeout client 30s
    bind 127.0.0.1:$P
    http-request return status 200
C
export SLUICE_CRASH_AT=$T/order
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:handle_segv=0
dead() { [ ! -e "$T/order" ]; }
count() { grep -c "accepts connections" "$T/sluice.err" || true; }
accepts() { [ "$(count)" -gt "$N" ]; }
serves() { [ "$(code "http://127.0.0.1:$P/")" = 200 ]; }
die_at() { # place: a reload in which a process dies there
	printf '%s' "$1" >"$T/order"
	kill -HUP "$MASTER"
	wait_for 20 dead || fail "nobody came to $1"
	serves || fail "nobody serves after a death at $1"
}
# the death may have started a reload of its own, or failed ours: in the end an ordinary one works
recovers() {
	N=$(count)
	kill -HUP "$MASTER"
	wait_for 20 accepts || fail "no reload works after $1"
	wait_for 20 eval '[ "$(kids leader | wc -l) $(kids worker | wc -l)" = "1 2" ]' || fail "a generation lives on after $1"
	serves || fail "nobody serves after $1"
}
sluice_start "$T/a.cfg"
"$TOOLS/client" -p "$P" -s -x -c 2 -d 120 -f "$T/stop" >"$T/client" 2>&1 & CL=$!

for at in R1 R3 R4 R5 R5b R9; do
	t "the leader dies at $at"
	die_at "leader:$at"
	recovers "leader:$at"
done

for at in checker:R4 checker:R5 worker:R4 worker:R5 worker:R9; do
	t "a ${at%:*} dies at ${at#*:}"
	die_at "$at"
	recovers "$at"
done

for at in R0 R1 R3 R4 R5 R5b R6 R7; do
	t "the master dies at $at, another takes over"
	: >"$T/sluice.err"
	die_at "master:$at"
	wait "$MASTER" 2>/dev/null || true
	wait_for 10 grep -q "master is gone" "$T/sluice.err"
	serves || fail "nobody serves without a master"
	sluice_start "$T/a.cfg"
	match "took over" "$(cat "$T/sluice.err")"
	recovers "master:$at"
done

t "not one connection failed in all of this"
touch "$T/stop"
wait "$CL" || fail "$(cat "$T/client")"

for at in leader:R6 worker:R6; do
	t "a draining ${at%:*} dies at ${at#*:}"
	die_at "$at"
	recovers "$at"
done

t "a worker that spins is aborted with a backtrace and replaced, others accept meanwhile"
W=$(kids worker | sed -n 1p)
: >"$T/sluice.err"
kill -USR2 "$W"
for _ in 1 2 3 4 5; do serves || fail "nobody accepts"; done
wait_for 30 grep -q "worker (pid $W) died of signal 6" "$T/sluice.err"
wait_for 10 eval '[ "$(kids worker | wc -l)" = 2 ]'
sluice_stop
