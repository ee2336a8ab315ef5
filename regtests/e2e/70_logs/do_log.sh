#!/usr/bin/env bash
# do-log: a line at each point at which a rule asks for one, with what is known there, beside the line at the end.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port) D=$(port)
origin "$O" a
printf 'send "220 ready\\r\\n"\neof\n' >"$T/d.txt"
origin "$D" d -s "$T/d.txt"
rule() { printf '  %s set-var(sess.at) str(%s)\n  %s do-log\n' "$1" "$2" "$1"; }
cat >"$T/c.cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  log-format "%ft %[var(sess.at)] %ST %Tt %HM"
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend web
  bind 127.0.0.1:$P
$(rule "tcp-request connection" conn)
$(rule "tcp-request session" sess)
$(rule "tcp-request content" content)
$(rule "http-request" req)
  http-request set-log-level silent if { path /silent }
$(rule "http-response" res)
$(rule "http-after-response" after)
  default_backend a
backend a
  server s 127.0.0.1:$O
listen four
  mode tcp
  bind 127.0.0.1:$Q
  log-format "%ft %[var(sess.at)] %ts"
$(rule "tcp-response content" answer)
  server s 127.0.0.1:$D
E
sluice_start "$T/c.cfg"
lines() { grep "^$1 " "$T/sluice.out" | sed -E 's/ [0-9]+ (GET|<BADREQ>|-)$/ T \1/'; }
has() { [ "$(lines "$1" | wc -l)" -ge "$2" ]; }

t "each phase writes its line before the one at the end"
is 200 "$(code "http://127.0.0.1:$P/")"
wait_for 5 has web 7 || fail "$(lines web)"
is "web conn -1 -1 <BADREQ>
web sess -1 -1 <BADREQ>
web content -1 -1 GET
web req -1 -1 GET
web res 200 -1 GET
web after 200 -1 GET
web after 200 T GET" "$(lines web)"
t "an exchange that is not logged writes none from then on"
is 200 "$(code "http://127.0.0.1:$P/silent")"
is 200 "$(code "http://127.0.0.1:$P/")"
wait_for 5 has web 18 || fail "$(lines web)"
is 18 "$(lines web | wc -l)"
t "of layer 4 as well"
is "220 ready" "$({ sleep 0.2; } | socat -t 1 - "TCP:127.0.0.1:$Q" | tr -d '\r')"
wait_for 5 has four 2 || fail "$(lines four)"
is "four answer --
four answer --" "$(lines four)"
