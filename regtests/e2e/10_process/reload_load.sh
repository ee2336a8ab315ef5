#!/usr/bin/env bash
# Reloads under the load of clients that never retry. regtests/soak has the long versions.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port) E=$(port)
origin "$O" o
origin "$E" e -e
cfg() { # workers
	cat <<C
global
  workers $1
  stats socket $T/sock level admin
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend f
  mode http
  bind 127.0.0.1:$P
  default_backend b
backend b
  mode http
  server o 127.0.0.1:$O check inter 500ms
listen l4
  mode tcp
  bind 127.0.0.1:$Q
  server e 127.0.0.1:$E check inter 500ms
C
}
cli() { echo "$1" | socat -t 30 - "UNIX-CONNECT:$T/sock"; }
leaders() { [ "$(kids leader | wc -l)" = "$1" ]; }
stot() { cli "show stat f 1 -1" | awk -F, '$1 == "f" {print $8}'; }

cfg 2 >"$T/c.cfg"; sluice_start "$T/c.cfg"
load() { "$TOOLS/client" -t 20000 -d 100 -f "$T/stop" "$@"; }
load -p "$P" -c 4 >"$T/keep" & C1=$!
load -p "$P" -c 2 -x >"$T/close" & C2=$!
load -p "$P" -c 4 -w -k 500 >"$T/tunnel" & C3=$!
load -p "$Q" -c 4 -4 -k 500 >"$T/l4" & C4=$!

t "ten reloads under load, in each of which the command waits for the verdict"
for _ in 1 2 3 4 5; do
	match "Success=1" "$(cli reload)"
done
t "with more and with fewer workers"
for n in 4 1 6 2 2; do
	cfg $n >"$T/c.cfg"
	match "Success=1" "$(cli reload)"
done

t "no request of any kind has failed"
touch "$T/stop"
for c in $C1 $C2 $C3 $C4; do wait $c || fail "$(cat "$T/keep" "$T/close" "$T/tunnel" "$T/l4")"; done
for f in keep close tunnel l4; do match "ok=[1-9][0-9]+" "$(cat "$T/$f")"; done

t "counters have seen every connection of all generations"
wait_for 10 leaders 1
field() { grep -oE "$1=[0-9]+" "$T/$2" | cut -d= -f2; }
WANT=$(field requests close)
[ "$(stot)" -ge "$WANT" ] || fail "$(stot) sessions, the closing client alone made $WANT"
A=$(stot); cli reload >/dev/null; wait_for 10 leaders 1
is "$A" "$(stot)"
sluice_stop
