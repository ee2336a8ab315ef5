#!/usr/bin/env bash
# How often servers are checked while generations come and go: as often as the configuration says, whoever checks.
. "$(dirname "$0")/../../lib/sluice.sh"

H=$(port) N=60
python3 "$ROOT/regtests/lib/probes.py" serve "$H" "$T/probes.log" & PIDS+=($!)
wait_for 10 listening "$H"
{
	cat <<E2
global
  workers 1
  stats socket $T/s level admin
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
backend b
  option httpchk GET /
  http-check send-state
E2
	for i in $(seq $N); do echo "  server s$i 127.0.0.1:$H check inter 1s"; done
} >"$T/c.cfg"
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 20 stdio "unix:$T/s"; }
rate() { read -r PROBES SECONDS_ MOST MOST_OF_ONE SERVERS < <(python3 "$ROOT/regtests/lib/probes.py" rate "$T/probes.log" "$@"); }
all_seen() { rate "${1:-0}"; [ "$SERVERS" = $N ]; }

t "within an interval of the start every server has been checked"
wait_for 5 all_seen
t "reloads one after the other neither stop the checks nor make more of them"
FROM=$(python3 -c 'import time; print(time.monotonic_ns() // 1000000)')
for _ in 1 2 3 4 5 6; do match "Success=1" "$(ask reload)"; sleep 0.4; done
wait_for 5 all_seen "$FROM"
rate "$FROM"
# Twice as many would be the sign of two that check or of a rhythm that is lost. A machine that stood still has a second's probes to make up for.
[ "$MOST" -le $((N * 2)) ] || fail "$MOST probes in a second, $N servers with an interval of 1 s ($PROBES in $SECONDS_ s)"
t "nor does a checker that dies"
FROM=$(python3 -c 'import time; print(time.monotonic_ns() // 1000000)')
for _ in 1 2 3; do
	dead=$(kids checker | tail -n 1); kill -9 "$dead"; wait_for 5 gone "$dead"
	another() { local k; k=$(kids checker | tail -n 1); [ -n "$k" ] && [ "$k" != "$dead" ]; }
	wait_for 10 another
done
wait_for 5 all_seen "$FROM"
rate "$FROM"
[ "$MOST" -le $((N * 2)) ] || fail "$MOST probes in a second"
