#!/usr/bin/env bash
# What is counted: exactly once, by whichever worker, in the columns where HAProxy has it.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) L=$(port) A=$(port) D=$(port)
origin "$A" a
cat >"$T/c.cfg" <<EOC
global
  workers 3
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  timeout http-request 1s
frontend web
  bind 127.0.0.1:$P
  option socket-stats
  stats uri /stats
  http-request deny if { path /deny }
  http-request return status 200 if { path /return }
  http-response deny if { path /denied-answer }
  use_backend broken if { path_beg /broken }
  use_backend none if { path_beg /none }
  use_backend narrow if { path_beg /delay }
  default_backend app
backend app
  balance roundrobin
  server a1 127.0.0.1:$A
  server a2 127.0.0.1:$A
backend broken
  balance roundrobin
  option redispatch
  server dead 127.0.0.1:$D
  server a 127.0.0.1:$A
backend none
  server off 127.0.0.1:$A disabled
backend narrow
  timeout queue 200ms
  server a 127.0.0.1:$A maxconn 1
frontend guarded
  bind 127.0.0.1:$Q
  tcp-request connection reject
  default_backend app
listen raw
  mode tcp
  bind 127.0.0.1:$L
  server a 127.0.0.1:$A
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
snap() { http "$U/stats;csv" >"$T/csv"; }
col() { awk -F, -v p="$1" -v s="$2" -v c="$3" 'NR==1{for(i=1;i<=NF;i++){n=$i;sub(/^# /,"",n);if(n==c)k=i}} $1==p&&$2==s{print $k}' "$T/csv"; }
has() { snap; [ "$(col "$1" "$2" "$3")" = "$4" ] || { echo "# $1/$2 $3 is '$(col "$1" "$2" "$3")', not '$4'" >&2; return 1; }; }

t "a load over all workers is counted to the last request"
h2load --h1 -n 600 -c 12 "$U/size/100" >"$T/load" 2>&1
grep -q '600 succeeded' "$T/load" || fail "$(cat "$T/load")"
wait_for 5 has app BACKEND hrsp_2xx 600
is "600 600" "$(col app BACKEND stot) $(col app BACKEND req_tot)"
is 600 $(($(col app a1 stot) + $(col app a2 stot)))
is 600 $(($(col app a1 hrsp_2xx) + $(col app a2 hrsp_2xx)))
is "$(col app BACKEND bout)" $(($(col app a1 bout) + $(col app a2 bout)))
is 600 $(($(col app BACKEND connect) + $(col app BACKEND reuse)))
is 0 "$(col app BACKEND scur)"
before=$(($(col web FRONTEND req_tot) - 600))
[ "$before" -ge 1 ] && [ "$before" -lt 200 ] || fail "the frontend counts $(col web FRONTEND req_tot) requests"
is "$(col web FRONTEND stot)" "$(col web sock-1 stot)"

t "bytes of the frontend and its listener agree with each other"
is "$(col web FRONTEND bin) $(col web FRONTEND bout)" "$(col web sock-1 bin) $(col web sock-1 bout)"

t "quantiles of the latency rise from p50 to p99.9"
q=$(for n in p50 p90 p99 p999; do col app BACKEND "total_${n}_us"; done | xargs)
is "$q" "$(echo "$q" | tr ' ' '\n' | sort -n | xargs)"
[ "$(col app BACKEND total_p50_us)" -gt 0 ] || fail "p50 is 0"

t "denied requests and responses, interceptions and errors have columns of their own"
err=$(col web FRONTEND ereq) int=$(col web FRONTEND intercepted)
is 403 "$(code "$U/deny")"
is 200 "$(code "$U/return")"
is 502 "$(code "$U/denied-answer")"
printf 'GARBAGE\r\n\r\n' | raw "$P" >/dev/null
wait_for 5 has web FRONTEND ereq $((err + 1))
is "1 1" "$(col web FRONTEND dreq) $(col web sock-1 dreq)"
is "1 1" "$(col web FRONTEND dresp) $(col app BACKEND dresp)"
[ "$(col web FRONTEND intercepted)" -gt "$int" ] || fail "no interception"

t "refused connections are dcon"
raw "$Q" </dev/null >/dev/null 2>&1 || true
wait_for 5 has guarded FRONTEND dcon 1
is 0 "$(col guarded FRONTEND stot)"

t "a dead server costs connection errors and moves, and its backend answers all the same"
for _ in 1 2 3 4; do is a "$(http "$U/broken")"; done
snap
[ "$(col broken dead econ)" -ge 1 ] || fail "no econ"
is "$(col broken dead econ)" "$(col broken BACKEND wredis)"
is 4 "$(col broken a hrsp_2xx)"

t "broken and aborted answers are the server's"
http -o /dev/null "$U/junk" || true
http -o /dev/null "$U/trunc" 2>/dev/null || true
snap
is 1 $(($(col app a1 eresp) + $(col app a2 eresp)))
is 1 $(($(col app a1 srv_abrt) + $(col app a2 srv_abrt)))

t "requests that wait in the queue, and those that wait too long"
for _ in 1 2 3; do http -o /dev/null "$U/delay/600" & done
wait_for 5 eval 'snap; [ "$(col narrow a qmax)" -ge 1 ] || [ "$(col narrow BACKEND qmax)" -ge 1 ]'
wait_for 5 has narrow BACKEND hrsp_5xx 2
wait_for 5 has narrow BACKEND qcur 0

t "bytes of a transfer count while it lasts"
exec 8<>"/dev/tcp/127.0.0.1/$L"
printf 'GET /delay/3500 HTTP/1.1\r\nHost: x\r\n\r\n' >&8
wait_for 5 has raw FRONTEND scur 1
printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&8
wait_for 8 eval 'printf "x" >&8; snap; [ "$(col raw FRONTEND bin)" -gt 60 ] && [ "$(col raw FRONTEND scur)" = 1 ]'
exec 8>&-

t "the death of a worker takes nothing away"
snap; was=$(col app BACKEND stot)
kill -9 "$(kids worker | head -1)"
wait_for 5 eval '[ "$(kids worker | wc -l)" = 3 ]'
has app BACKEND stot "$was"
