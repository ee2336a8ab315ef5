#!/usr/bin/env bash
# mirror: copies of requests for another backend, which the exchange they are taken from never feels.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) H=$(port) A=$(port) B=$(port) C=$(port) D=$(port) S=$(port) X=$(port)
cat >"$T/c.cfg" <<-EOF
global
    workers 1
    stats socket $T/sock level admin
    log stdout format raw local0
defaults
    mode http
    timeout client 10s
    timeout server 5s
    timeout connect 2s
frontend web
    bind 127.0.0.1:$P
    bind 127.0.0.1:$H proto h2
    log global
    log-format "line %b %ST %{+Q}r"
    http-request return status 200 content-type text/plain string own if { path /own }
    http-request set-header X-Seen frontend
    http-response set-header X-Answered %[srv_name]
    mirror copies hdr(x-percent) if { hdr(x-percent) -m found }
    mirror copies if { path_beg /m/ /mdenied }
    mirror copies log if { path_beg /logged }
    mirror small max-size 100k if { path_beg /sized }
    mirror one if { path_beg /one }
    mirror dead if { path_beg /dead }
    mirror none if { path_beg /none }
    mirror stuck if { path_beg /stuck }
    mirror slow if { path_beg /slow }
    mirror mad if { path_beg /mad }
    use_backend bad if { path_beg /gone }
    default_backend main
backend main
    http-request replace-path /[a-z]+/(.*) /\1 if { path_beg /m/ /sized/ /logged/ /one/ }
    server m 127.0.0.1:$A
backend bad
    retries 0
    server b 127.0.0.1:$X
backend copies
    http-request set-header X-Copy yes
    http-request deny if { path_beg /mdenied }
    http-request replace-path /[a-z]+/(.*) /\1
    server c 127.0.0.1:$B
backend small
    http-request set-path /echo
    server c 127.0.0.1:$B
backend slow
    http-request set-path /hold/slow
    server d 127.0.0.1:$D
backend one
    http-request set-path /hold/one
    server d 127.0.0.1:$D maxconn 1
backend dead
    server x 127.0.0.1:$X
backend none
    server x 127.0.0.1:$X disabled
backend stuck
    server s 127.0.0.1:$S
backend mad
    http-request set-path /junk
    server c 127.0.0.1:$B
listen stats
    bind 127.0.0.1:$C
    http-request use-service prometheus-exporter
EOF
export ORIGIN_RAW=1
origin "$A" m
origin "$B" c
origin "$D" d
origin "$S" s -b
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
metric() { http "http://127.0.0.1:$C/metrics" | sed -n "s/^sluice_backend_$1_total{proxy=\"$2\"} //p"; }
# backend answered dropped failed
tells() { [ "$2 $3 $4" = "$(echo "$(metric mir_sent "$1")" "$(metric mir_dropped "$1")" "$(metric mir_failed "$1")")" ]; }
copied() { grep -c "req=.*$1" "$T/origin.c.log" || true; }
copied_is() { [ "$(copied "$1")" = "$2" ]; }

t "a copy goes to a server of the backend, its answer to nobody"
is m "$(http "$U/m/a")"
wait_for 5 copied_is "GET /a" 1
wait_for 5 tells copies 1 0 0
t "it is the request as the frontend's rules have left it, and the backend's rules are its own"
wait_for 5 grep -q 'x-copy: yes' <(tr 'A-Z' 'a-z' <"$T/origin.c.log")
grep -qi 'x-seen: frontend' "$T/origin.c.log" || fail "no X-Seen"
nomatch "[Xx]-[Cc]opy" "$(cat "$T/origin.m.log")"
t "rules of the backend may keep it from being sent"
is m "$(http "$U/mdenied")"
wait_for 5 tells copies 1 1 0
t "bodies are copied whole, of HTTP/1 and HTTP/2, with a length or in chunks, and above max-size not at all"
head -c 90000 /dev/urandom >"$T/body"
SUM=$(md5sum <"$T/body")
echoed() { is "$SUM" "$(http --data-binary @"$T/body" "$@" | md5sum)"; }
echoed "$U/sized/echo"
echoed -H 'Transfer-Encoding: chunked' "$U/sized/echo"
echoed --http2-prior-knowledge "http://127.0.0.1:$H/sized/echo"
is hello "$(http -d hello "$U/sized/echo")"
wait_for 5 tells small 4 0 0
in_of() { http "http://127.0.0.1:$C/metrics" | sed -n 's/^haproxy_backend_bytes_in_total{proxy="small"} //p'; }
[ "$(in_of)" -ge 270005 ] || fail "$(in_of) bytes went to the mirror"
cat "$T/body" "$T/body" >"$T/big"
SUM=$(md5sum <"$T/big")
is "$SUM" "$(http --data-binary @"$T/big" "$U/sized/echo" | md5sum)"
wait_for 5 tells small 4 1 0

t "who leaves in the middle of a request is not copied"
(printf 'POST /sized/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc'; sleep 0.1) | raw "$P" >/dev/null
wait_for 5 tells small 4 2 0

t "of a request that no server could answer there is a copy all the same"
is 503 "$(code -H 'X-Percent: 100' "$U/gone")"
wait_for 5 tells copies 2 1 0

t "servers that are down, dead, mute or mad are none of the client's business"
for kind in dead none mad; do is m "$(http "$U/$kind")"; wait_for 5 tells $kind 0 0 1; done
for i in 1 2 3 4 5 6 7 8; do is m "$(http "$U/stuck?$i")"; done
tells stuck 0 0 0 || fail "a mute server has told something"

t "a server at its maxconn gets no copy, and nothing queues for it"
is m "$(http "$U/one/x")"
wait_for 5 grep -q "GET /hold/one" "$T/origin.d.log"
is m "$(http "$U/one/x")"
is m "$(http "$U/one/x")"
wait_for 5 tells one 0 2 0
touch "$T/one"

t "a share may be an expression"
is m "$(http -H 'X-Percent: 0' "$U/x")"
is m "$(http -H 'X-Percent: 100' "$U/x")"
wait_for 5 tells copies 3 1 0

t "a copy has a line in the log where that is asked for"
is m "$(http "$U/logged/z")"
wait_for 5 grep -q 'line copies 200 "GET /logged/z' "$T/sluice.out"
is 0 "$(grep -c 'line small' "$T/sluice.out" || true)"

t "an upgrade is not copied, nor what the proxy answers itself"
is own "$(http "$U/own")"
(printf 'GET /m/upgrade HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n'; sleep 0.3) | raw "$P" >"$T/up"
match "101" "$(head -1 "$T/up")"
wait_for 5 tells copies 4 1 0

t "explain says which requests are copied"
match "mirror copies .*true" "$("$SLUICE" explain -f "$T/c.cfg" "GET http://127.0.0.1:$P/m/a")"

t "more copies than a worker keeps are dropped, and the requests answered"
curl -sZ --no-progress-meter --parallel-max 20 -o /dev/null -w '%{http_code}\n' "$U/slow/[1-300]" >"$T/codes"
is "300 200" "$(sort "$T/codes" | uniq -c | xargs)"
dropped() { [ "$(metric mir_dropped slow)" -ge 44 ]; }
wait_for 5 dropped

t "a worker that drains does not wait for copies"
W=$(kids worker)
kill -HUP "$MASTER"
wait_for 20 grep -q "Generation 2 accepts" "$T/sluice.err"
wait_for 3 gone "$W"
