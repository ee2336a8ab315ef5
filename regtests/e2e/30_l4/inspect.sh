#!/usr/bin/env bash
# tcp-request rules: who may connect, who may speak, and what must have been said within inspect-delay.
. "$(dirname "$0")/../../lib/sluice.sh"

CO=$(port) SE=$(port) LE=$(port) LES=$(port) PA=$(port) PAS=$(port) WE=$(port) SD=$(port) ACC=$(port) ACS=$(port) O=$(port) A=$(port)
origin "$O" plain -e
origin "$A" special -e
cat >"$T/c.cfg" <<C
global
  workers 1
  log stdout format raw local0
defaults
  mode tcp
  log global
  option tcplog
  timeout connect 20s
  timeout client 30s
  timeout server 30s
listen conn
  bind 127.0.0.1:$CO,127.0.0.2:$CO
  tcp-request connection reject if { src 127.0.0.3 }
  tcp-request connection accept if { dst 127.0.0.2 }
  tcp-request connection reject if { src 127.0.0.4 }
  server a 127.0.0.1:$O
listen sess
  bind 127.0.0.1:$SE
  tcp-request session reject if { src 127.0.0.3 }
  server a 127.0.0.1:$O
listen len
  bind 127.0.0.1:$LE
  tcp-request inspect-delay 30s
  tcp-request content accept if { req.len ge 4 }
  tcp-request content reject if WAIT_END
  server a 127.0.0.1:$O
listen lenshort
  bind 127.0.0.1:$LES
  tcp-request inspect-delay 500ms
  tcp-request content accept if { req.len ge 4 }
  tcp-request content reject if WAIT_END
  server a 127.0.0.1:$O
frontend short
  bind 127.0.0.1:$PAS
  tcp-request inspect-delay 400ms
  tcp-request content reject if { req.payload(0,3) -m str BAD }
  tcp-request content accept if { req.payload(0,3) -m found }
  default_backend plain
frontend payload
  bind 127.0.0.1:$PA
  tcp-request inspect-delay 30s
  tcp-request content reject if { req.payload(0,3) -m str BAD }
  tcp-request content accept if { req.payload(0,3) -m found }
  use_backend special if { req.payload(0,3) -m str SPE }
  default_backend plain
listen wait
  bind 127.0.0.1:$WE
  tcp-request inspect-delay 400ms
  tcp-request content accept if WAIT_END
  server a 127.0.0.1:$O
listen drop
  bind 127.0.0.1:$SD
  tcp-request connection silent-drop if { src 127.0.0.3 }
  tcp-request inspect-delay 30s
  tcp-request content silent-drop if { req.payload(0,3) -m str BAD }
  server a 127.0.0.1:$O
listen late
  bind 127.0.0.1:$ACC
  tcp-request inspect-delay 30s
  tcp-request content accept if { req.len ge 1 }
  tcp-request content reject
  server a 127.0.0.1:$O
listen lateshort
  bind 127.0.0.1:$ACS
  tcp-request inspect-delay 300ms
  tcp-request content accept if { req.len ge 1 }
  tcp-request content reject
  server a 127.0.0.1:$O
backend plain
  server a 127.0.0.1:$O
backend special
  server a 127.0.0.1:$A
C
sluice_start "$T/c.cfg"
trap '' PIPE
logged() { wait_for 4 grep -qE " $1 $1/$2" "$T/sluice.out" || fail "no line of $1 with '$2': $(grep " $1 " "$T/sluice.out")"; }
from() { # source port text [address]: what comes back, within $WAIT s
	echo "$3" | socat -t ${WAIT:-20} -T ${WAIT:-20} - "TCP:${4:-127.0.0.1}:$2,bind=$1" 2>"$T/socat.err" || true
}
ms() { date +%s%3N; }
open() { A0=$(ms); exec 3<>"/dev/tcp/127.0.0.1/$1"; }
close_time() { local rc=0; IFS= read -r -d '' -t 20 OUT <&3 2>/dev/null || rc=$?; exec 3>&-; [ $rc -le 128 ] || fail "not closed"; MS=$(($(ms) - A0)); }

t "a connection rule decides by the address"
is hi "$(from 127.0.0.1 "$CO" hi)"
is "" "$(from 127.0.0.3 "$CO" hi)"
is "" "$(from 127.0.0.4 "$CO" hi)"
t "an accept ends the rules, one before it counts"
is hi "$(from 127.0.0.4 "$CO" hi 127.0.0.2)"
is "" "$(from 127.0.0.3 "$CO" hi 127.0.0.2)"
t "a connection that a connection rule rejects writes no log line"
is 0 "$(grep -c '^127.0.0.3:' "$T/sluice.out" || true)"
t "a session rule does too"
is hi "$(from 127.0.0.1 "$SE" hi)"
is "" "$(from 127.0.0.3 "$SE" hi)"
t "a content rule waits for enough bytes, which then all go on"
open "$LE"
printf a >&3
if read -r -N 1 -t 0.2 x <&3; then fail "the rule did not wait"; fi
printf 'bcd\n' >&3
read -r -t 20 line <&3; is abcd "$line"
exec 3>&-
logged len 'a [0-9]+/[0-9]+/[0-9]+ 5 -- '
t "who does not say enough within inspect-delay is rejected: PR"
open "$LES"; printf a >&3; close_time
[ "$MS" -ge 490 ] || fail "after $MS ms already"
logged lenshort '<NOSRV> -1/-1/[0-9]+ 0 PR '
t "a client that leaves does not keep the inspection waiting"
is "" "$(printf ab | socat -t 1 - "TCP:127.0.0.1:$LE")"
t "a rule that sees the payload rejects by it"
is "" "$(from 127.0.0.1 "$PA" BADnews)"
logged payload '<NOSRV> -1/-1/[0-9]+ 0 PR '
t "or a route does"
is plain "$(from 127.0.0.1 "$PA" WHO)"
open "$PA"; printf 'SP' >&3; printf 'E\n' >&3; read -r -t 20 line <&3; is SPE "$line"; exec 3>&-
wait_for 3 grep -q ' payload special/a ' "$T/sluice.out"
t "without a verdict the delay ends and the connection passes"
n=$(grep -c open "$T/origin.plain.log")
open "$PAS"
more() { [ "$(grep -c open "$T/origin.plain.log")" -gt "$n" ]; }
wait_for 3 more
[ $(($(ms) - A0)) -ge 390 ] || fail "after $(($(ms) - A0)) ms already"
echo x >&3; read -r -t 20 line <&3; is x "$line"
exec 3>&-
t "WAIT_END is true at the end of the delay, not before"
open "$WE"; echo hi >&3; read -r -t 20 line <&3; is hi "$line"; b=$(($(ms) - A0)); exec 3>&-
[ $b -ge 390 ] || fail "after $b ms already"
t "a rule without a condition behind one that waits decides at the end"
open "$ACS"; close_time
[ "$MS" -ge 290 ] || fail "after $MS ms already"
is hi "$(from 127.0.0.1 "$ACC" hi)"
t "silent-drop answers nothing"
is hi "$(from 127.0.0.1 "$SD" hi)"
is "" "$(WAIT=1 from 127.0.0.3 "$SD" hi)"
is "" "$(WAIT=1 from 127.0.0.1 "$SD" BAD)"
is 1 "$(grep -c 'New worker' "$T/sluice.err")"
