#!/usr/bin/env bash
# option httpchk: the request that is sent, to the byte, and what is taken for health.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port) A=$(port) B=$(port) RAW=$(port) SC=$(port)
origin "$A" a; origin "$B" b
ORIGIN_RAW=1 origin "$RAW" raw
# a server whose answer is chosen by the request is enough: the path of the check says what it answers
N=0 FETCH= LIST=
chk() { # wanted(1|0) "lines": a backend that is checked so; collected in order
	N=$((N + 1))
	printf 'backend k%s\n  %s\n  server a 127.0.0.1:%s check inter 50ms fall 1 rise 1 init-state %s\n' $N "${2//;/$'\n  '}" "${3:-$A}" \
		"$([ "$1" = 1 ] && echo fully-down || echo fully-up)" >>"$T/c.cfg"
	FETCH+="%[srv_is_up(k$N/a)]"; LIST+=$1
}
cat >"$T/c.cfg" <<E
global
  workers 1
  log stdout format raw local0
  node here
defaults
  mode http
  log global
  option log-health-checks
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout check 20s
E
# without expectations 2xx and 3xx pass
chk 1 "option httpchk GET /status/204"
chk 1 "option httpchk GET /status/302"
chk 0 "option httpchk GET /status/404"
chk 0 "option httpchk GET /status/503"
# status
chk 1 "option httpchk GET /status/401;http-check expect status 401"
chk 0 "option httpchk GET /status/200;http-check expect status 401"
chk 1 "option httpchk GET /status/204;http-check expect status 100-199,200-299,304"
chk 1 "option httpchk GET /status/304;http-check expect status 100-199,200-299,304"
chk 0 "option httpchk GET /status/303;http-check expect status 100-199,200-299,304"
chk 0 "option httpchk GET /status/500;http-check expect ! status 500"
chk 1 "option httpchk GET /status/404;http-check expect ! status 500-599"
chk 1 "option httpchk GET /status/418;http-check expect rstatus ^4[0-9]8"
chk 0 "option httpchk GET /status/404;http-check expect rstatus ^4[0-9]8"
chk 0 "option httpchk GET /status/503;http-check expect ! rstatus ^5"
# body
chk 1 "option httpchk GET /;http-check expect string a"
chk 0 "option httpchk GET /;http-check expect string b"
chk 0 "option httpchk GET /;http-check expect ! string a"
chk 1 "option httpchk GET /;http-check expect ! string b"
chk 1 "option httpchk GET /size/9000;http-check expect rstring xyz[0-9]+abc"
chk 0 "option httpchk GET /size/9000;http-check expect ! rstring xyz[0-9]+abc"
chk 1 "option httpchk GET /chunked/5/100 HTTP/1.1;http-check expect rstring opqr0123"
chk 1 "option httpchk GET /close;http-check expect string until"
chk 0 "option httpchk HEAD /;http-check expect string a"
# headers
chk 1 "option httpchk GET /;http-check expect hdr name \"x-origin\" value \"a\""
chk 0 "option httpchk GET /;http-check expect hdr name \"x-origin\" value \"b\""
chk 0 "option httpchk GET /;http-check expect hdr name \"x-none\""
chk 1 "option httpchk GET /;http-check expect ! hdr name \"x-none\""
# several hold together
chk 1 "option httpchk GET /;http-check expect status 200;http-check expect string a"
chk 0 "option httpchk GET /;http-check expect status 200;http-check expect string b"
chk 0 "option httpchk GET /status/404;http-check expect status 200;http-check expect string status"
# answers that are none
chk 0 "option httpchk GET /junk"
chk 0 "option httpchk GET /drop"
chk 0 "option httpchk GET /rst"
chk 0 "option httpchk GET /trunc;http-check expect ! string zzz;http-check expect string never"
chk 0 "option httpchk GET /hold/never;timeout check 100ms"
chk 1 "option httpchk GET /1xx/2"
# http-check send, connect
TWO="http-check send meth GET uri /status/204 ver HTTP/1.1 hdr Host h;http-check expect status 204;http-check send meth GET uri /chunked/3/50 ver HTTP/1.1 hdr Host h;http-check expect rstring xyz"
chk 1 "option httpchk;$TWO"
chk 0 "option httpchk;$TWO;http-check send meth GET uri /status/500;http-check expect status 200"
chk 1 "option httpchk GET /size/9000 HTTP/1.1;http-check send;http-check expect status 200;http-check send meth GET uri /;http-check expect string a"
chk 1 "option httpchk;http-check connect port $B;http-check send meth GET uri /;http-check expect string b;http-check connect port $A;http-check send meth GET uri /;http-check expect string a" "$(port)"
chk 0 "option httpchk;http-check connect port $B;http-check send meth GET uri /;http-check expect string b;http-check connect port $A;http-check send meth GET uri /;http-check expect string b" "$(port)"
chk 0 "option httpchk;http-check send meth GET uri /drop;http-check expect status 200;http-check send meth GET uri /;http-check expect string a"
chk 1 "option httpchk;http-check send meth POST uri /echo ver HTTP/1.1 hdr Host h hdr Content-Type text/plain body \"say this\";http-check expect string \"say this\""
chk 1 "option httpchk;http-check connect port $A;http-check send meth GET uri /status/200;http-check expect status 200" "$(port)"
chk 1 "option httpchk;http-check connect addr 127.0.0.1 port $A linger;http-check send meth GET uri /status/200" "$(port)"
chk 0 "option httpchk;http-check connect port $A ssl;http-check send meth GET uri /status/200" "$A"
printf 'backend raw1\n  option httpchk\n  server r 127.0.0.1:%s check inter 50ms\n' "$RAW" >>"$T/c.cfg"
printf 'backend raw2\n  option httpchk GET /two HTTP/1.1 www.example.org\n  http-check send-state\n  server r 127.0.0.1:%s check inter 50ms fall 3 rise 2 weight 7\n' "$RAW" >>"$T/c.cfg"
printf 'backend raw3\n  option httpchk\n  http-check send meth PUT uri /three ver HTTP/1.1 hdr Host a.b hdr X-Y "z w" body hello\n  server r 127.0.0.1:%s check inter 50ms\n' "$RAW" >>"$T/c.cfg"
printf 'backend raw4\n  option httpchk GET /four HTTP/1.1\n  server r 127.0.0.1:%s check inter 50ms\n' "$RAW" >>"$T/c.cfg"
cat >>"$T/c.cfg" <<E
backend nolb
  balance roundrobin
  option httpchk GET /
  http-check disable-on-404
  server s 127.0.0.1:$A check port $SC inter 50ms fall 2 rise 2 init-state fully-up
  server t 127.0.0.1:$RAW
frontend state
  bind 127.0.0.1:$S
  no log
  use_backend nolb if { path /nolb }
  http-request return status 200 content-type text/plain lf-string "$FETCH\n" if { path /k }
  http-request return status 200 content-type text/plain lf-string "%[nbsrv(nolb)] %[srv_is_up(nolb/s)]\n" if { path /n }
E
play() { # status: the server of nolb answers its checks so from now on; it reads its script anew for each
	printf 'head\nsend "HTTP/1.1 %s X\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"\n' "$1" >"$T/sc.new"
	mv "$T/sc.new" "$T/sc.txt"
}
play 200; origin "$SC" sc -s "$T/sc.txt"
sluice_start "$T/c.cfg"
state_is() { [ "$(curl -s --max-time 30 "http://127.0.0.1:$S/$1")" = "$2" ]; }
expect_state() { wait_for 5 state_is "$1" "$2" || fail "$1 is '$(curl -s "http://127.0.0.1:$S/$1")', wanted '$2'"; }
sent() { grep -oE "raw conn=[0-9]+ $1.*" "$T/origin.raw.log" | sed -n 1p | sed 's/^raw conn=[0-9]* //'; }
seen() { [ -n "$(sent "$1")" ]; }

t "status, ranges, rstatus, string, rstring, hdr, negation, several, chunked and unframed bodies, broken answers"
expect_state k "$LIST"
t "and that does not change with time"
for i in 1 2 3 4 5; do state_is k "$LIST" || fail "$(curl -s "http://127.0.0.1:$S/k") != $LIST"; done
t "the request without parameters"
wait_for 5 seen OPTIONS
is 'OPTIONS / HTTP/1.0\r\nConnection: close\r\n\r\n' "$(sent OPTIONS)"
t "a host given to option httpchk, and send-state"
wait_for 5 seen "GET /two"
match '^GET /two HTTP/1\.1\\r\\n[Hh]ost: www\.example\.org\\r\\n' "$(sent "GET /two")"
match '\\r\\nX-Haproxy-Server-State: UP (1|3)/3; address=127.0.0.1; port=[0-9]+; name=raw2/r; node=here; weight=7/7; scur=0/0; qcur=0\\r\\n' "$(sent "GET /two")"
match '\\r\\nConnection: close\\r\\n' "$(sent "GET /two")"
t "http-check send: headers and body with its length"
wait_for 5 seen "PUT /three"
match '^PUT /three HTTP/1\.1\\r\\nHost: a\.b\\r\\nX-Y: z w\\r\\n.*Content-Length: 5\\r\\n.*\\r\\nhello$' "$(sent "PUT /three")"
t "HTTP/1.1 without a Host gets the server's address"
wait_for 5 seen "GET /four"
match "\\\\r\\\\n[Hh]ost: 127\.0\.0\.1:$RAW\\\\r\\\\n" "$(sent "GET /four")"
t "disable-on-404 takes no more requests but is up: NOLB"
expect_state n "2 1"
play 404
expect_state n "1 1"
is "raw raw raw" "$(for i in 1 2 3; do http "http://127.0.0.1:$S/nolb"; done | xargs)"
wait_for 5 grep -q 'Server nolb/s is stopping, reason: Layer7 check conditionally passed, code: 404' "$T/sluice.out"
t "from NOLB a 200 brings it back, a 500 takes it down, and a 404 does not raise the dead"
play 200
expect_state n "2 1"
play 500
expect_state n "1 0"
play 404; asked=$(grep -c "head GET" "$T/origin.sc.log")
wait_for 5 eval '[ "$(grep -c "head GET" "$T/origin.sc.log")" -ge $((asked + 8)) ]'
expect_state n "1 0"
