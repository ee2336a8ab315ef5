#!/usr/bin/env bash
# kill -9 of each process of the tree: what goes on, what comes back.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cat >"$T/a.cfg" <<-END
	global
	    workers 2
	frontend f
	    mode http
	    bind 127.0.0.1:$P
	    timeout client 30s
	    http-request return status 200 content-type text/plain string "here"
END
serves() { [ "$(http "http://127.0.0.1:$P/")" = here ]; }
all_serve() { for _ in 1 2 3 4 5 6 7 8 9 10; do serves || return 1; done; }
count_is() { [ "$(kids "$1" | wc -l)" = "$2" ]; }
other() { [ "$(kids "$1" | head -1)" != "$2" ] && count_is "$1" 1; }

sluice_start "$T/a.cfg"
M=$MASTER

t "a killed worker is replaced and no new connection fails meanwhile"
for _ in 1 2 3; do
	kill -9 "$(kids worker | head -1)"
	all_serve || fail "a request failed"
	wait_for 2 count_is worker 2
done

t "its death and its successor are told on stderr"
match "\[ALERT\]    \([0-9]+\) : Current worker \([0-9]+\) was killed by signal 9" "$(cat "$T/sluice.err")"
match "\[NOTICE\]   \([0-9]+\) : New worker \([0-9]+\) forked" "$(cat "$T/sluice.err")"

t "a killed checker is back within a second"
C=$(kids checker)
kill -9 "$C"
wait_for 1 other checker "$C"
all_serve

t "a worker that keeps dying is started ever later, the other one serves"
for _ in $(seq 40); do # five within ten seconds, however long it takes to see that they are back
	kill -9 "$(kids worker | tail -1)" 2>/dev/null || true
	wait_for 3 count_is worker 2
	! grep -q "dies too often" "$T/sluice.err" || break
done
wait_for 2 grep -q "dies too often" "$T/sluice.err"
all_serve

t "a killed leader leaves its workers serving until another generation takes over"
L=$(kids leader) W=$(kids worker | xargs)
kill -9 "$L"
all_serve || fail "a request failed"
wait_for 10 other leader "$L"
old_gone() { for w in $W; do gone "$w" || return 1; done; }
wait_for 10 old_gone || fail "old workers live on"
wait_for 2 count_is worker 2
all_serve
kill -0 "$M" || fail "the master is gone"

t "without a master everything goes on serving and workers still come back"
L=$(kids leader)
ALL=$(tree "$M" | grep -v "^$M$")
kill -9 "$M"; wait "$M" 2>/dev/null || true
all_serve || fail "a request failed"
MASTER=$L
kill -9 "$(kids worker | head -1)"
wait_for 3 count_is worker 2
all_serve || fail "a request failed after the respawn"

t "an orphaned generation ends on SIGTERM to its leader, also with a child to start anew in a while"
waits() { [ "$(grep -c "dies too often" "$T/sluice.err")" -gt "$N" ]; }
N=$(grep -c "dies too often" "$T/sluice.err")
for _ in 1 2 3 4 5 6 7 8; do
	waits && break
	kill -9 "$(kids checker)" 2>/dev/null || true
	wait_for 10 eval 'waits || count_is checker 1'
done
ALL=$(tree "$L")
kill -TERM "$L"
for p in $ALL; do wait_for 5 gone "$p" || fail "process $p lives on"; done
nomatch "died of signal" "$(cat "$T/sluice.err")"
MASTER=
