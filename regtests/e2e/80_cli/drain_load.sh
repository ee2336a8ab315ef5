#!/usr/bin/env bash
# Servers are taken out and put back while many clients that never retry are at work: nobody notices.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port) C=$(port)
for x in "$A" "$B" "$C"; do origin "$x" "s$x"; done
cat >"$T/c.cfg" <<E
global
  workers 3
  stats socket $T/sock level admin
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  server a 127.0.0.1:$A check inter 500ms
  server b 127.0.0.1:$B check inter 500ms
  server c 127.0.0.1:$C check inter 500ms
E
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }
value() { ask "show stat" | awk -F, -v s="$1" -v f="$2" 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == f) c = i} $1 == "b" && $2 == s {print $c}'; }
idle() { [ "$(value "$1" scur)" = 0 ]; }
busy() { [ "$(value "$1" stot)" -gt "$N" ]; }

"$TOOLS/client" -t 30000 -d 100 -f "$T/stop" -p "$P" -c 24 >"$T/keep" & K=$!
"$TOOLS/client" -t 30000 -d 100 -f "$T/stop" -p "$P" -c 8 -x >"$T/close" & X=$!
N=50; wait_for 20 busy a

out_and_back() { # how out, how back
	for s in a b c; do
		ask "${1//@/b/$s}" >/dev/null
		wait_for 20 idle "$s" || fail "$s keeps sessions"
		N=$(value "$s" stot)
		ask "${2//@/b/$s}" >/dev/null
		wait_for 20 busy "$s" || fail "$s gets nothing"
	done
}

t "drain and ready"
out_and_back "set server @ state drain" "set server @ state ready"

t "weight 0 and back"
out_and_back "set weight @ 0" "set weight @ 100%"

t "maintenance and ready"
out_and_back "disable server @" "enable server @"

t "not one request failed"
touch "$T/stop"
wait "$K" || fail "$(cat "$T/keep")"
wait "$X" || fail "$(cat "$T/close")"
sluice_stop
