#!/usr/bin/env bash
# Clients and servers that leave at the worst moment: who is told what, what is tried again, and what may never be.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) DEAD=$(port) FULL=$(port) OQ=$(port) OA=$(port)
origin "$O" a
origin "$OQ" queue
origin "$OA" aqueue
origin "$FULL" blocked -b
route() { printf '  use_backend %s if { path_beg /%s/ }\n' "$1" "$1"; }
cat >"$T/c.cfg" <<E
global
  workers 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  retries 0
frontend f
  bind 127.0.0.1:$P
  log stdout format raw local0
  log-format "%[capture.req.uri] %b/%s %ST %ts %rc"
$(for b in move same many empty junk status timeout pool queue aqueue conn aconn wait await; do route $b; done)
  default_backend plain
backend plain
  server a 127.0.0.1:$O
backend move
  retries 3
  option redispatch
  balance roundrobin
  server dead 127.0.0.1:$DEAD weight 10
  server a 127.0.0.1:$O
backend same
  retries 1
  no option redispatch
  balance roundrobin
  timeout connect 200ms
  server dead 127.0.0.1:$DEAD
backend many
  retries 3
  option redispatch
  balance roundrobin
  server d1 127.0.0.1:$DEAD
  server d2 127.0.0.1:$DEAD
  server a 127.0.0.1:$O
backend empty
  retries 3
  retry-on empty-response conn-failure
  http-request set-path %[path,regsub(^/empty,)]
  server a 127.0.0.1:$O
backend junk
  retries 2
  retry-on junk-response
  http-request set-path %[path,regsub(^/junk,)]
  server a 127.0.0.1:$O
backend status
  retries 2
  retry-on 503
  http-request set-path %[path,regsub(^/status,)]
  server a 127.0.0.1:$O
backend timeout
  retries 1
  retry-on response-timeout
  timeout server 200ms
  http-request set-path %[path,regsub(^/timeout,)]
  server a 127.0.0.1:$O
backend pool
  http-reuse always
  http-request set-path %[path,regsub(^/pool,)]
  server a 127.0.0.1:$O
backend queue
  timeout queue 300ms
  http-request set-path %[path,regsub(^/queue,)]
  server a 127.0.0.1:$OQ maxconn 1
backend aqueue
  option abortonclose
  http-request set-path %[path,regsub(^/aqueue,)]
  server a 127.0.0.1:$OA maxconn 1
backend conn
  timeout connect 400ms
  server full 127.0.0.1:$FULL
backend aconn
  option abortonclose
  server full 127.0.0.1:$FULL
backend wait
  http-request set-path %[path,regsub(^/wait,)]
  server a 127.0.0.1:$O
backend await
  option abortonclose
  http-request set-path %[path,regsub(^/await,)]
  server a 127.0.0.1:$O
E
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
trap '' PIPE
logged() { wait_for 4 grep -qE "^$1\$" "$T/sluice.out" || fail "no log line '$1': $(tail -3 "$T/sluice.out")"; }
tries() { grep -c "$1" "$T/origin.a.log" || true; }
open() { exec 3<>"/dev/tcp/127.0.0.1/$P"; }
say() { printf '%b' "$1" >"$T/m"; cat "$T/m" >&3; }
shut() { exec 3>&-; }

t "a server that drops the connection instead of answering is a 502"
is 502 "$(code "$U/drop")"
logged "/drop plain/a 502 SH 0"
t "so is one that resets it"
is 502 "$(code "$U/rst")"
logged "/rst plain/a 502 SH 0"
t "so is one that resets it inside its head"
is 502 "$(code "$U/rst-head")"
logged "/rst-head plain/a 502 SH 0"
t "one that does not speak HTTP is a 502 of the proxy's"
is 502 "$(code "$U/junk")"
logged "/junk plain/a 502 PH 0"
t "an answer that was cut never looks complete"
rc=0; http "$U/trunc" >/dev/null 2>&1 || rc=$?; is 18 $rc
logged "/trunc plain/a 200 SD 0"
t "a connection that is refused moves to another server at once: no client notices"
for i in $(seq 12); do is a "$(http "$U/move/$i")"; done
grep -qE '^/move/.* move/a 200 -- \+1$' "$T/sluice.out" || fail "nothing was moved"
t "also when several servers refuse, and without a pause"
for i in $(seq 6); do
	ms=$(http -o "$T/who" -w '%{time_total}' "$U/many/$i" | awk '{print int($1 * 1000)}'); is a "$(cat "$T/who")"
	logged "/many/$i many/a 200 -- \+?[0-9]"
	if grep -q "^/many/$i many/a 200 -- +2$" "$T/sluice.out" && [ "$ms" -lt "${quickest:-99999}" ]; then quickest=$ms; fi
done
[ "$quickest" -lt 900 ] || fail "the retries paused: $quickest ms"
t "without redispatch the same server is asked again, after a pause"
is 503 "$(code "$U/same/x")"
logged "/same/x same/dead 503 SC 1"
t "retry-on empty-response: a dropped request is sent again"
is a "$(http "$U/empty/once/1")"
logged "/empty/once/1 empty/a 200 -- \+?1"
is 502 "$(code "$U/empty/drop")"
is 5 "$(tries 'GET /drop ')" "one of the first case, then one and three retries"
t "a POST whose body is still here is repeated only where retry-on says so"
is a "$(http -d x=1 "$U/empty/once/2")"
is 502 "$(code -d x=1 "$U/once/3")"
is 1 "$(tries 'POST /once/3')"
t "a body that did not stay in the buffer is never repeated"
head -c 300000 /dev/zero >"$T/body"
is 502 "$(code -H 'Expect:' --data-binary @"$T/body" "$U/empty/once/4")"
is 1 "$(tries 'POST /once/4')"
t "retry-on junk-response"
is 502 "$(code "$U/junk/junk")"
is 4 "$(tries 'GET /junk ')"
t "retry-on with a status: the last answer is passed on"
is 503 "$(code "$U/status/status/503")"
is 3 "$(tries 'GET /status/503 ')"
is 500 "$(code "$U/status/status/500")"
is 1 "$(tries 'GET /status/500 ')"
t "retry-on response-timeout"
is 504 "$(code "$U/timeout/hold/never")"
is 2 "$(tries 'GET /hold/never ')"
t "a dead idle connection costs an idempotent request nothing"
is a "$(http "$U/pool/x")"
is a "$(http "$U/pool/once/5")"
is 2 "$(tries 'GET /once/5 ')"
logged "/pool/once/5 pool/a 200 -- 0"
t "but a POST is not sent twice"
is a "$(http "$U/pool/x")"
is 502 "$(code -d a=b "$U/pool/once/6")"
is 1 "$(tries 'POST /once/6 ')"

t "a client that leaves within its head is a CR"
open; say 'GET /left-head HTTP/1.1\r\nHost'; shut
wait_for 4 grep -qE ' CR [0-9]' "$T/sluice.out"
t "a client that leaves within its body is a CH, and the server's connection ends"
open; say 'POST /left-body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello'; 
wait_for 3 grep -q left-body "$T/origin.a.log"; shut
logged "/left-body plain/a (0|-1) CH 0"
t "a client that leaves while it is answered is a CD"
open; say 'GET /size/50000000 HTTP/1.1\r\nHost: a\r\n\r\n'
read -r -t 20 line <&3; match 200 "$line"; shut
logged "/size/50000000 plain/a 200 CD 0"
t "a client that half-closes gets its answer"
is late "$(printf 'GET /wait/delay/300 HTTP/1.0\r\n\r\n' | raw "$P" | tail -1)"
logged "/wait/delay/300 wait/a 200 -- 0"
t "with abortonclose that is leaving: the server is let go"
open; say 'GET /await/hold/await HTTP/1.0\r\n\r\n'
wait_for 3 grep -q hold/await "$T/origin.a.log"; shut
logged "/await/hold/await await/a (0|-1) CH 0"
t "a client that leaves the queue stays in line without abortonclose"
for q in queue aqueue; do
	curl -s "$U/$q/hold/$q" -o /dev/null & PIDS+=($!)
	wait_for 3 grep -q "GET /hold/$q" "$T/origin.$q.log"
	open; say "GET /$q/x HTTP/1.1\r\nHost: a\r\n\r\n"; shut
done
logged "/queue/x queue/<NOSRV> 503 sQ 0"
t "with abortonclose it is gone at once"
logged "/aqueue/x aqueue/<NOSRV> (0|-1) CQ 0"
: >"$T/queue"; : >"$T/aqueue"
exec 4<>"/dev/tcp/127.0.0.1/$FULL" 5<>"/dev/tcp/127.0.0.1/$FULL"
t "a client that leaves while the server is being connected is a CC with abortonclose"
open; say 'GET /aconn/x HTTP/1.1\r\nHost: a\r\n\r\n'; shut
logged "/aconn/x aconn/full (0|-1) CC 0"
t "without it, the connection attempt is the server's failure"
open; say 'GET /conn/x HTTP/1.1\r\nHost: a\r\n\r\n'; shut
logged "/conn/x conn/full 503 [sS]C 0"
exec 4>&- 5>&-
t "the worker is the same one after all that"
is 1 "$(grep -c 'New worker' "$T/sluice.err")"
