#!/usr/bin/env bash
# The HTTP log line: every field, how requests end, which lines are left out.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) LATE=$(port) Q=$(port) S=$(port) O=$(port) D=$(port)
origin "$O" a
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout tarpit 100ms
frontend f
  bind 127.0.0.1:$P
  capture request header User-Agent len 8
  capture request header X-Two len 20
  capture response header X-Origin len 10
  capture cookie sid= len 20
  http-request deny if { path /deny }
  http-request tarpit if { path /tarpit }
  http-request return status 200 if { path /return }
  http-request redirect location / if { path /redirect }
  http-response deny if { status 500 }
  use_backend none if { path /none }
  use_backend dead if { path /dead }
  use_backend slow if { path_beg /hold }
  default_backend b
frontend late
  bind 127.0.0.1:$LATE
  timeout client 500ms
  default_backend b
frontend quiet
  bind 127.0.0.1:$Q
  option dontlognull
  option dontlog-normal
  default_backend b
frontend asap
  bind 127.0.0.1:$S
  option logasap
  option log-separate-errors
  log-format "asap %TR/%Tw/%Tc/%Tr/%Ta %ST %B %HM %HP %HQ %HV %ci:%cp %fi:%fp %si:%sp %f %b %s %Ts.%ms %rt %pid %{+Q}r"
  default_backend b
backend b
  server a 127.0.0.1:$O
backend none
backend dead
  retries 2
  option redispatch 0
  server d 127.0.0.1:$D
backend slow
  timeout server 200ms
  server a 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
line() { # text: the log line that holds it
	wait_for 5 grep -aqF "$1" "$T/sluice.out" || fail "no line with $1: $(cat "$T/sluice.out")"
	grep -aF "$1" "$T/sluice.out" | tail -n 1
}
ends() { match "$2" "$(line "$1")"; }
DATE='\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\]'

t "a normal request: every field in its place"
http -o /dev/null -A agent-long-name -H 'X-Two: a b' -b 'x=1; sid=42' "$U/normal?q=1"
match "^127\.0\.0\.1:[0-9]+ $DATE f b/a [0-9]+/0/[0-9]+/[0-9]+/[0-9]+ 200 [0-9]+ sid=42 - ---- [0-9]+/[0-9]+/[0-9]+/[0-9]+/0 0/0 \{agent-lo\|a b\} \{a\} \"GET /normal\?q=1 HTTP/1\.1\"$" \
	"$(line /normal)"
t "captures that did not come are empty, a cookie that did not come is a dash"
http -o /dev/null -H 'User-Agent:' "$U/empty"
ends /empty ' - - ---- [0-9/]+ 0/0 \{\|\} \{a\} "GET /empty'
t "deny and return end at the proxy: PR and LR, redirect LR, no server, timers that were not reached are -1"
http -o /dev/null "$U/deny"; ends '/deny ' ' f f/<NOSRV> [0-9]+/-1/-1/-1/[0-9]+ 403 [0-9]+ - - PR-- [0-9/]+ 0/0 \{[^|]*\|\} \{\} "GET'
http -o /dev/null "$U/return"; ends '/return ' ' f f/<NOSRV> [0-9]+/-1/-1/-1/[0-9]+ 200 [0-9]+ - - LR-- '
http -o /dev/null "$U/redirect"; ends '/redirect ' ' f f/<NOSRV> [0-9]+/-1/-1/-1/[0-9]+ 302 [0-9]+ - - LR-- '
t "tarpit is PT"
http -o /dev/null "$U/tarpit"; ends /tarpit ' f f/<NOSRV> [0-9]+/[0-9-]+/-1/-1/[0-9]+ 500 [0-9]+ - - PT-- '
t "a response that is denied is PH"
http -o /dev/null "$U/status/500"; ends /status/500 ' b/a [0-9/]+ 502 [0-9]+ - - PH-- '
t "no server is SC, a refused connection too, with its retries"
http -o /dev/null "$U/none"; ends /none ' none/<NOSRV> [0-9]+/-1/-1/-1/[0-9]+ 503 [0-9]+ - - SC-- [0-9/]+ 0/0 '
http -o /dev/null "$U/dead"; ends /dead ' dead/d [0-9]+/[0-9]+/-1/-1/[0-9]+ 503 [0-9]+ - - SC-- [0-9/]+/\+?2 0/0 '
t "a server that is too slow is sH, one that hangs up before an answer SH"
http -o /dev/null "$U/hold/never"; ends /hold ' slow/a [0-9]+/[0-9]+/[0-9]+/-1/[0-9]+ 504 [0-9]+ - - sH-- '
http -o /dev/null "$U/drop"; ends /drop ' b/a [0-9]+/[0-9]+/[0-9]+/-1/[0-9]+ 502 [0-9]+ - - SH-- '
t "a server that hangs up inside of a body is SD"
http -o /dev/null "$U/trunc" 2>/dev/null || true; ends /trunc ' b/a [0-9/]+ 200 [0-9]+ - - SD-- '
t "junk is a <BADREQ>"
printf 'junk\r\n\r\n' | raw "$P" >/dev/null
ends BADREQ ' f f/<NOSRV> -1/-1/-1/-1/[0-9]+ 400 [0-9]+ - - (PR|CR)-- [0-9/]+ 0/0 "<BADREQ>"$'
t "a request that never ends is cR and 408"
printf 'GET /never HTTP/1.1\r\nHost: a\r\n' | socat -t 20 -T 20 - "TCP:127.0.0.1:$LATE,shut-none" >/dev/null
ends ' 408 ' ' late late/<NOSRV> -1/-1/-1/-1/[0-9]+ 408 [0-9]+ - - cR-- '

t "dontlog-normal leaves out what went well, dontlognull connections without a byte"
socat -u /dev/null "TCP:127.0.0.1:$Q"
http -o /dev/null "http://127.0.0.1:$Q/well"; http -o /dev/null "http://127.0.0.1:$Q/drop"
ends ' quiet b/a' ' quiet b/a .* 502 .* SH-- '
is 1 "$(grep -ac ' quiet ' "$T/sluice.out")"
t "logasap writes with the head: sizes and the total time carry a plus; the fields of log-format"
V=http://127.0.0.1:$S
http -o /dev/null "$V/size/100?a=b"
match "^asap [0-9]+/[0-9]+/[0-9]+/[0-9]+/\+[0-9]+ 200 \+[0-9]+ GET /size/100 \?a=b HTTP/1\.1 127\.0\.0\.1:[0-9]+ 127\.0\.0\.1:$S 127\.0\.0\.1:$O asap b a [0-9]{10}\.[0-9]{3} [0-9]+ [0-9]+ \"GET /size/100\?a=b HTTP/1\.1\"$" "$(line '?a=b')"
t "log-separate-errors raises the level of what went wrong"
L=$(port)
sluice_stop
socat -u "UDP-RECVFROM:$L,bind=127.0.0.1,fork" "SYSTEM:cat >>$T/udp; echo >>$T/udp" & PIDS+=($!)
sed -i "s/log stdout format raw/log 127.0.0.1:$L/" "$T/c.cfg"
sluice_start "$T/c.cfg"
http -o /dev/null "$V/good"; http -o /dev/null "$V/drop"
wait_for 5 grep -q '/drop' "$T/udp"; wait_for 5 grep -q '/good' "$T/udp"
match '^<134>' "$(grep /good "$T/udp")"; match '^<131>' "$(grep /drop "$T/udp")"
