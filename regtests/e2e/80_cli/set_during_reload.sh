#!/usr/bin/env bash
# What the runtime socket has confirmed is in force, also when one generation is just taking the other's place. Debug builds only: the new
# leader is held where its workers accept already and the old one has not been told to drain.
. "$(dirname "$0")/../../lib/sluice.sh"

t "places to hold a process exist in debug builds alone"
grep -q SLUICE_CRASH_AT "$SLUICE" || exit 0

P=$(port) O=$(port)
cat >"$T/c.cfg" <<C
global
  workers 2
  stats socket $T/sock level admin
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  default_backend b
backend b
  server a 127.0.0.1:$O weight 10
  server b 127.0.0.1:$O weight 10
  server c 127.0.0.1:$O weight 10
  server d 127.0.0.1:$O weight 10
C
export SLUICE_CRASH_AT=$T/order
sluice_start "$T/c.cfg"
ask() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }
done_as_told() { is "" "$(ask "$1" | tr -d '\n')"; }
held() { [ ! -e "$T/order" ]; }
field() { ask "show servers state b" | awk -v s="$1" -v f="$2" '$4 == s {print $f}'; }
serves() { [ "$(grep -c "accepts connections" "$T/sluice.err")" -gt "$1" ]; }
hold() { # a reload that stops in the middle
	printf '=leader:R5b' >"$T/order"
	kill -HUP "$MASTER"
	wait_for 20 held
}
go_on() {
	local before; before=$(grep -c "accepts connections" "$T/sluice.err")
	pkill -CONT -P "$MASTER" -f leader || true
	wait_for 20 serves "$before"
}

done_as_told "set weight b/d 44"

t "what is set between the commit and the drain is in force afterwards"
hold
done_as_told "set weight b/a 33"
done_as_told "set server b/b state drain"
match "IP changed" "$(ask "set server b/c addr 127.0.0.9")"
done_as_told "set maxconn frontend f 77"
done_as_told "disable frontend f"
done_as_told "set maxconn global 99"
go_on
wait_for 10 eval '[ "$(field a 8)" = 33 ]' || fail "the weight is $(field a 8)"
is 8 "$(field b 7)" "admin state"
is 127.0.0.9 "$(field c 5)" "address"
is 10 "$(field c 8)" "weight of another"
is 44 "$(field d 8)" "what was set earlier"
is PAUSED "$(ask "show stat" | awk -F, '$1 == "f" && $2 == "FRONTEND" {print $18}')"
is 77 "$(ask "show stat" | awk -F, '$1 == "f" && $2 == "FRONTEND" {print $7}')"
match "Maxconn: 99" "$(ask "show info")"
done_as_told "enable frontend f"

t "a session that is older than the generation that serves is told that its own takes no more changes"
is 503 "$(code "http://127.0.0.1:$P/")" "status, once the frontend accepts again"
exec 5<>"/dev/tcp/127.0.0.1/$P"; printf 'GET / HTTP/1.1\r\n' >&5 # it drains as long as this is open
echo "echo here; wait 2s; set weight b/a 5" | socat -t 20 - "UNIX-CONNECT:$T/sock" >"$T/old" 2>&1 & old=$!
wait_for 10 grep -q here "$T/old"
match "Success=1" "$(ask reload)"
wait $old
exec 5>&-
match "takes no more changes" "$(cat "$T/old")"
is 33 "$(field a 8)" "weight"
sluice_stop
