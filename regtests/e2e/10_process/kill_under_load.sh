#!/usr/bin/env bash
# Processes die under load: what is lost is what the dead one held, and nothing else.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) S=$(port) O=$(port)
origin "$O" a
cat >"$T/c.cfg" <<E
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
  server a 127.0.0.1:$O check inter 200ms
frontend state
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[be_conn(b)] %[fe_conn(f)] %[srv_conn(b/a)] %[srv_is_up(b/a)]"
E
state_is() { [ "$(curl -s --max-time 30 "http://127.0.0.1:$S/")" = "$1" ]; }
sluice_start "$T/c.cfg"
field() { grep -oE "$1=[0-9]+" "$2" | cut -d= -f2; }

t "killing a worker loses only exchanges that were open in it: no connection is refused"
"$TOOLS/client" -p "$P" -x -c 16 -d 60 -f "$T/stop" >"$T/load" & L=$!
for i in 1 2 3; do
	wait_for 5 listening "$P"
	W=$(kids worker | sed -n 1p)
	kill -9 "$W"
	wait_for 5 gone "$W"
	wait_for 5 eval '[ "$(kids worker | wc -l)" = 2 ]'
done
touch "$T/stop"; wait "$L" || true
is 0 "$(field refused "$T/load")" "$(cat "$T/load")"
is 0 "$(field timeout "$T/load")" "$(cat "$T/load")"
is 0 "$(field mismatch "$T/load")" "$(cat "$T/load")"
lost=$(($(field reset "$T/load") + $(field eof "$T/load")))
[ "$lost" -le 48 ] || fail "$lost exchanges lost, at most 3 x 16 were open: $(cat "$T/load")"
t "gauges are exact afterwards: nothing is in flight"
wait_for 5 state_is "0 0 0 1"

t "killing the checker does not touch traffic, and checks are back within a second"
rm -f "$T/stop"
"$TOOLS/client" -p "$P" -c 8 -d 60 -f "$T/stop" >"$T/load" & L=$!
K=$(kids checker); kill -9 "$K"
wait_for 1 eval 'n=$(kids checker); [ -n "$n" ] && [ "$n" != "'"$K"'" ]'
wait_for 2 eval 'curl -s "http://127.0.0.1:'"$S"'/" | grep -q "1$"'
touch "$T/stop"; wait "$L" || fail "$(cat "$T/load")"

t "killing the leader does not touch traffic"
rm -f "$T/stop"
"$TOOLS/client" -p "$P" -c 8 -d 60 -f "$T/stop" >"$T/load" & L=$!
K=$(kids leader); kill -9 "$K"
wait_for 15 eval 'n=$(kids leader); [ -n "$n" ] && [ "$n" != "'"$K"'" ]'
touch "$T/stop"; wait "$L" || fail "$(cat "$T/load")"

t "killing the master lets everything go on serving"
rm -f "$T/stop"
"$TOOLS/client" -p "$P" -c 8 -d 60 -f "$T/stop" >"$T/load" & L=$!
ALL=$(tree "$MASTER")
PIDS+=($ALL)
kill -9 "$MASTER"; wait "$MASTER" 2>/dev/null || true
MASTER=
"$TOOLS/client" -p "$P" -x -c 8 -n 500
touch "$T/stop"; wait "$L" || fail "$(cat "$T/load")"
t "without a master a killed worker is still replaced"
pid_of() { for p in $(pgrep -f "^sluice: $1"); do [[ " $ALL $(for q in $ALL; do pgrep -P "$q"; done | xargs) " == *" $p "* ]] && echo "$p"; done; }
W=$(for p in $ALL; do tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q '^sluice: worker' && echo "$p"; done | sed -n 1p)
kill -9 "$W"; wait_for 5 gone "$W"
"$TOOLS/client" -p "$P" -x -c 8 -n 500
for p in $(for q in $ALL; do tree "$q" 2>/dev/null; done | sort -u); do kill -9 "$p" 2>/dev/null || true; done
