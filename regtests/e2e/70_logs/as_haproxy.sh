#!/usr/bin/env bash
# Corners of log lines, each as HAProxy writes it: lines before the end, connections without a request, columns of empty captures, counts, addresses.
. "$(dirname "$0")/../../lib/sluice.sh"

O=$(port) E=$(port) S=$(port)
P=$(port) A=$(port) N=$(port) NS=$(port) I=$(port) TA=$(port) TN=$(port) F=$(port)
origin "$O" a
origin "$E" echo -e
printf 'send "hello"\nfin\neof\n' >"$T/speak"
origin "$S" speak -s "$T/speak"
cat >"$T/c.cfg" <<E
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout http-request 30s
  default_backend b
frontend main
  bind 127.0.0.1:$P
  capture request header Host len 20
  capture response header X-Origin len 10
  capture response header X-Nope len 10
  http-request deny if { path /deny }
frontend asap
  bind 127.0.0.1:$A
  option logasap
  http-request deny if { path /deny }
frontend nonull
  bind 127.0.0.1:$N
  option dontlognull
frontend nonulls
  bind 127.0.0.1:$NS
  timeout http-request 300ms
  option dontlognull
frontend probes
  bind 127.0.0.1:$I
  timeout http-request 300ms
  option http-ignore-probes
frontend tasap
  mode tcp
  option tcplog
  option logasap
  bind 127.0.0.1:$TA
  default_backend te
frontend tnull
  mode tcp
  option tcplog
  option dontlognull
  bind 127.0.0.1:$TN
  default_backend ts
frontend fmt
  bind 127.0.0.1:$F
  log-format "%HM q %HQ q %hr q %bi:%bp %si:%sp %ac/%fc/%bc/%sc/%rc"
backend b
  server s 127.0.0.1:$O
backend te
  mode tcp
  server s 127.0.0.1:$E
backend ts
  mode tcp
  server s 127.0.0.1:$S
E
sluice_start "$T/c.cfg"
L=$T/sluice.out
left() { [ -z "$(ss -Htn "( sport = :$P or sport = :$A or sport = :$TA )")" ]; } # no connection of a client is left to be counted
has() { grep -qE -- "$1" "$L"; }
line() { wait_for 5 has "$1" || { cat "$L" >&2; fail "no line like /$1/"; }; }

t "a response that goes on for long is in the log as soon as its head has left, with logasap"
curl -s -o "$T/body" --limit-rate 10K --max-time 30 "http://127.0.0.1:$A/size/9000000" &
C=$!
line ' asap b/s 0/[0-9]+/[0-9]+/[0-9]+/\+[0-9]+ 200 \+[0-9]+ - - ---- 1/1/1/1/0 0/0 "GET /size/9000000 HTTP/1.1"$'
kill -0 $C || fail "the transfer was over"
kill $C; wait $C 2>/dev/null || true

t "an answer of the proxy has its plus signs too, and there is one line for each exchange"
http -o /dev/null "http://127.0.0.1:$A/deny"
line ' asap asap/<NOSRV> 0/-1/-1/-1/\+[0-9]+ 403 \+[1-9][0-9]* - - PR-- 1/1/0/0/0 0/0 "GET /deny HTTP/1.1"$'
http -o /dev/null "http://127.0.0.1:$A/one"; http -o /dev/null "http://127.0.0.1:$A/two"
line '"GET /two HTTP/1.1"'
is 1 "$(grep -c '"GET /one HTTP' "$L")"

t "a TCP connection is in the log as soon as its server connection stands, with logasap"
mkfifo "$T/in"
socat - "TCP:127.0.0.1:$TA" <"$T/in" >/dev/null &
exec 7>"$T/in"
line ' tasap te/s 0/[0-9]+/\+[0-9]+ \+0 -- [0-9]+/1/1/1/0 0/0$'
exec 7>&-

t "captures that found nothing keep their columns; a bad request has none"
wait_for 5 left
http -o /dev/null "http://127.0.0.1:$P/deny"
line ' 403 [0-9]+ - - PR-- 1/1/0/0/0 0/0 \{127.0.0.1:'"$P"'\} \{\|\} "GET /deny HTTP/1.1"$'
wait_for 5 left
http -o /dev/null "http://127.0.0.1:$P/x"
line ' \{127.0.0.1:'"$P"'\} \{a\|\} "GET /x HTTP/1.1"$'

t "the backend no longer counts the exchange that its line is about"
line ' main b/s [0-9/]+ 200 [0-9]+ - - ---- 1/1/0/0/0 0/0 .* "GET /x HTTP/1.1"$'

t "an absolute target is in the log as it was sent"
printf 'GET http://foo.example/abs?x HTTP/1.1\r\nHost: foo.example\r\nConnection: close\r\n\r\n' | raw "$P" >/dev/null
line '"GET http://foo.example/abs\?x HTTP/1.1"$'

t "bytes in the log are the bytes on the wire"
printf 'GET /size/5000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' | raw "$P" >"$T/wire"
line " 200 $(wc -c <"$T/wire") - - .*\"GET /size/5000 HTTP/1.1\"\$"

t "a connection that closes without a byte is a bad request of the client"
wait_for 5 left
socat -u /dev/null "TCP:127.0.0.1:$P"
line ' main main/<NOSRV> -1/-1/-1/-1/[0-9]+ 400 0 - - CR-- 1/1/0/0/0 0/0 "<BADREQ>"$'

t "a client that leaves between two requests is no news"
n=$(grep -c BADREQ "$L" || true)
printf 'GET /last HTTP/1.1\r\nHost: h\r\n\r\n' | raw "$P" >/dev/null
line '"GET /last HTTP/1.1"$'
http -o /dev/null "http://127.0.0.1:$P/behind"
line '"GET /behind HTTP/1.1"$'
is "$n" "$(grep -c BADREQ "$L" || true)"

t "option dontlognull leaves out connections without a byte, be they closed or too late"
socat -u /dev/null "TCP:127.0.0.1:$N"
match '^HTTP/1.1 408 ' "$(socat -u "TCP:127.0.0.1:$NS" - | sed -n 1p)"
printf 'GE' | raw "$N" >/dev/null || true
line ' nonull nonull/<NOSRV> -1/-1/-1/-1/[0-9]+ 400 0 - - CR-- .* "<BADREQ>"$'
http -o /dev/null "http://127.0.0.1:$N/x"
line ' nonull b/s .* "GET /x HTTP/1.1"$'
is 2 "$(grep -c ' nonull ' "$L")"; is 0 "$(grep -c ' nonulls ' "$L" || true)"

t "option dontlognull leaves out TCP connections whose client sent nothing"
is hello "$(socat -u "TCP:127.0.0.1:$TN" -)"
is hello "$(printf hi | socat -t 20 - "TCP:127.0.0.1:$TN")"
line ' tnull ts/s '
is 1 "$(grep -c ' tnull ' "$L")"

t "option http-ignore-probes says nothing about connections without a byte"
socat -u /dev/null "TCP:127.0.0.1:$I"
is "" "$(socat -u "TCP:127.0.0.1:$I" -)"
wait_for 5 curl -sf -o /dev/null "http://127.0.0.1:$I/x" # again if it came too late
line ' probes b/s '
is 1 "$(grep -c ' probes ' "$L")"

t "our own address towards the server is known; an empty query stands between its blanks, captures that are not configured do not"
http -o /dev/null "http://127.0.0.1:$F/x"
line "^GET q  q q 127.0.0.1:[1-9][0-9]* 127.0.0.1:$O [0-9]+/1/0/0/0\$"
http -o /dev/null "http://127.0.0.1:$F/x?y"
line '^GET q \?y q q '
