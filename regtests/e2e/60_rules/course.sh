#!/usr/bin/env bash
# Actions on connections and on the course of a request: addresses, timeouts, priorities, waiting, hints, normal forms, header names.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) L=$(port) Q=$(port) S=$(port) D=$(port)
origin "$O" a
socat -u "UDP-RECVFROM:$L,bind=127.0.0.1,fork" "SYSTEM:cat >>$T/log; echo >>$T/log" & PIDS+=($!)
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log 127.0.0.1:$L local0
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  log global
  log-format "%ci:%cp %fi:%fp %ST %ts %HU"
  option forwardfor
  tcp-request session set-dst-port int(4433) if { src_port gt 0 }
  http-request set-src req.hdr(x-src) if { req.hdr(x-src) -m found }
  http-request set-src-port req.hdr(x-port) if { req.hdr(x-port) -m found }
  http-request set-dst ip(10.9.8.7) if { path /dst }
  http-request set-tos 0x10
  http-request set-nice 5
  http-request strict-mode off
  http-request set-timeout server 200ms if { path_beg /short } or { hdr(x-short) -m found }
  http-request set-timeout server url_param(ms) if { path_beg /expr }
  http-request return content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port] %[fc_src] %[fc_dst_port]" if { path_beg /who /dst }
  http-request return content-type text/plain lf-string "%[cur_server_timeout]" if { path /short/show }
  http-request return content-type text/plain lf-string "%[cur_server_timeout]" if { path /expr/show }
  http-request pause 300ms if { path /pause }
  http-request pause url_param(ms) if { path /pause/expr }
  http-request early-hint Link "</a.css>; rel=preload" if { path_beg /hint }
  http-request early-hint Link "</%[path,field(3,/)].js>; rel=preload" if { path_beg /hint }
  http-request wait-for-body time 400ms if { path_beg /body }
  http-request wait-for-body time 5s at-least 5 if { path /least }
  http-request return content-type text/plain lf-string "[%[req.body]]" if { path_beg /body /least }
  http-request normalize-uri path-merge-slashes if { hdr(x-norm) slash }
  http-request normalize-uri path-strip-dotdot full if { hdr(x-norm) dot }
  http-request normalize-uri percent-decode-unreserved strict if { hdr(x-norm) strict }
  http-request normalize-uri query-sort-by-name if { hdr(x-norm) sort }
  http-request return content-type text/plain lf-string "%[url]" if { hdr(x-norm) -m found }
  http-request wait-for-handshake
  http-response pause 200ms if { status 203 }
  http-response wait-for-body time 300ms if { res.hdr(x-origin) a }
  http-response set-header X-Body "%[res.body_len]"
  default_backend b
backend b
  server a 127.0.0.1:$O
frontend strict
  bind 127.0.0.1:$S
  option http-restrict-req-hdr-names delete
  default_backend b2
backend b2
  option http-restrict-req-hdr-names reject
  http-request del-header x_gone
  server a 127.0.0.1:$O
frontend reject
  bind 127.0.0.1:$D
  option http-restrict-req-hdr-names reject
  default_backend b2
frontend q
  bind 127.0.0.1:$Q
  http-request set-priority-class req.hdr(x-class) if { hdr(x-class) -m found }
  http-request set-priority-offset req.hdr(x-offset) if { hdr(x-offset) -m found }
  default_backend slow
backend slow
  timeout queue 20s
  timeout server 20s
  server a 127.0.0.1:$O maxconn 1
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
ms() { local a b; a=$(date +%s%3N); "$@" >/dev/null || true; b=$(date +%s%3N); echo $((b - a)); }

t "set-src and set-src-port change what is seen from there on, not the connection"
match "^192.0.2.9:[0-9]+ 127.0.0.1:4433 127.0.0.1 $P\$" "$(http -H 'X-Src: 192.0.2.9' "$U/who")"
match "^2001:db8::1:99 " "$(http -H 'X-Src: 2001:db8::1' -H 'X-Port: 99' "$U/who")"
match "^127.0.0.1:[0-9]+ 10.9.8.7:4433 127.0.0.1 $P\$" "$(http "$U/dst")"
out=$(http "$U/who" -H 'X-Src: 192.0.2.9' --next "$U/who"); match $'192.0.2.9.*127.0.0.1:[0-9]+ 127' "$(tr -d '\n' <<<"$out")"
t "logs and X-Forwarded-For have the address that was set"
match '[Xx]-[Ff]orwarded-[Ff]or: 198.51.100.7' "$(http -H 'X-Src: 198.51.100.7' "$U/echo-head")"
wait_for 5 grep -q '198.51.100.7:[0-9]* 127.0.0.1:4433 200 -- /echo-head' "$T/log"
t "set-timeout changes the server's timeout for that request"
is 200 "$(http "$U/short/show")"; is 1234 "$(http "$U/expr/show?ms=1234")"
is 504 "$(code -H 'X-Short: 1' "$U/delay/1500")"
t "pause holds the request, for a time or an expression"
m=$(ms http "$U/pause"); [ "$m" -ge 290 ] || fail "$m ms"
m=$(ms http "$U/pause/expr?ms=250"); [ "$m" -ge 240 ] || fail "$m ms"
t "pause holds a response"
m=$(ms http "$U/status/203"); [ "$m" -ge 190 ] || fail "$m ms"
is 203 "$(code "$U/status/203")"
t "a client that leaves during a pause costs nothing"
curl -s --max-time 0.1 "$U/pause/expr?ms=30000" || true
is 200 "$(code "$U/x")"
t "early hints leave as one 103 before the answer"
out=$(http -i "$U/hint/app" | tr -d '\r')
match $'^HTTP/1.1 103 Early Hints\n[Ll]ink: </a.css>; rel=preload\n[Ll]ink: </app.js>; rel=preload\n\nHTTP/1.1 200 ' "$out"
nomatch '103' "$(http -0 -i "$U/hint/app")"
t "wait-for-body waits for the whole body, or for enough of it"
is "[abcdef]" "$( { printf 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nConnection: close\r\n\r\nabc'; sleep 0.1; printf def; } | raw "$P" | tail -1)"
match '\[abcde' "$( { printf 'POST /least HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\nab'; sleep 0.1; printf cde; sleep 0.2; } | raw "$P" | tail -1)"
is "[hello]" "$(http -H 'Expect: 100-continue' -d hello "$U/body")"
t "a body that does not come in time is answered 408"
match '^HTTP/1.1 408 ' "$( { printf 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc'; sleep 1; } | raw "$P")"
match '^HTTP/1.1 400 ' "$(printf 'POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc' | raw "$P")"
wait_for 5 grep -q ' 408 cR /body' "$T/log"
t "wait-for-body of responses sees the body, or answers 504"
match 'X-Body: 1234' "$(http -i "$U/size/1234")"
t "targets in normal form"
n() { http --path-as-is -H "X-Norm: $1" "$U$2"; }
is /a/b "$(n slash //a///b)"; is /b "$(n dot /../a/../b)"; is '/admin' "$(n strict /%61dmin)"; is '/?a=1&b=2' "$(n sort '/?b=2&a=1')"
is 400 "$(code --path-as-is -H 'X-Norm: strict' "$U/%zz")"
t "header names outside letters, digits and dashes are left out or refused"
out=$(http -H 'X_Under: 1' -H 'X-Dash: 2' "http://127.0.0.1:$S/echo-head"); nomatch 'X_Under' "$out"; match 'X-Dash' "$out"
is 403 "$(code -H 'X_Under: 1' "http://127.0.0.1:$D/")"; is 200 "$(code -H 'X-Under: 1' "http://127.0.0.1:$D/")"
t "in a queue the lower class goes first, then the older, as offsets have it"
V=http://127.0.0.1:$Q
waiting() { [ "$(awk '$3 == "GET" && /'"$1"'/' "$T/origin.a.log" | wc -l)" -ge 1 ]; }
http -o /dev/null "$V/delay/1200" & a=$!
wait_for 5 waiting delay.1200
j=()
http -o /dev/null "$V/p/plain" & j+=($!); sleep 0.1
http -o /dev/null -H 'X-Offset: -60000' "$V/p/older" & j+=($!); sleep 0.1
http -o /dev/null -H 'X-Class: 10' "$V/p/last" & j+=($!); sleep 0.1
http -o /dev/null -H 'X-Class: -10' "$V/p/first" & j+=($!)
wait "$a" "${j[@]}"
is "first older plain last" "$(grep -o '/p/[a-z]*' "$T/origin.a.log" | cut -c4- | tr '\n' ' ' | sed 's/ $//')"
