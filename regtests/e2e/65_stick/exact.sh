#!/usr/bin/env bash
# Counts and limits are exact, not nearly: over four workers, through reloads under way, and when workers are killed in the middle of it.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port) A=$(port) B=$(port) R=$(port 2)
origin "$O" o -e
origin "$A" a
origin "$B" b
cfg() { # servers of the sticky backend, further data of the table r
	cat <<-EOC
	global
	  nbthread 4
	defaults
	  mode http
	  timeout connect 5s
	  timeout client 30s
	  timeout server 30s
	frontend f
	  bind 127.0.0.1:$P
	  stick-table type string len 32 size 10k expire 1h store http_req_cnt,http_req_rate(1h),gpc0
	  http-request track-sc0 url_param(k)
	  http-request return status 200 content-type text/plain lf-string "%[url_param(k),table_http_req_cnt(f)] %[url_param(k),table_http_req_rate(f)]" if { path /look }
	  http-request sc-inc-gpc0(0)
	  http-request deny deny_status 429 if { sc0_http_req_rate gt 500 }
	  http-request return status 200
	listen l4
	  mode tcp
	  bind 127.0.0.1:$Q
	  stick-table type ip size 100 store conn_cur,conn_cnt
	  tcp-request connection track-sc0 src
	  server s 127.0.0.1:$O
	frontend look
	  bind 127.0.0.1:$R
	  http-request return status 200 content-type text/plain lf-string "%[src,table_conn_cur(l4)]"
	frontend sticky
	  bind 127.0.0.1:$((R + 1))
	  default_backend r
	backend r
	  balance roundrobin
	  stick-table type string len 16 size 1k expire 1h store gpc0$2
	  stick on url_param(u)
	$1
	EOC
}
BOTH="  server a 127.0.0.1:$A
  server b 127.0.0.1:$B"
cfg "$BOTH" "" >"$T/c.cfg"
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

reload() { n=$(serving); kill -HUP "$MASTER"; wait_for 30 fresh; }
four() { [ "$(kids worker | wc -l)" -ge 4 ]; }
serving() { grep -c 'accepts connections' "$T/sluice.err" || true; }
fresh() { [ "$(serving)" -gt "$n" ]; }
# Requests with one connection each, so that all workers take part; prints how many were answered with each status.
tally() { sort | uniq -c | awk '{ print $2 "=" $1 }' | xargs; }
requests() { # n key
	curl -sZ --no-progress-meter --parallel-max 8 -H 'Connection: close' -o /dev/null -w '%{http_code}\n' "$U/?k=$2&n=[1-$1]" | tally
}

t "a limit of 500 lets exactly 500 of 600 requests through, whoever of four workers takes them"
is "200=500 429=100" "$(requests 600 one)"
is "601 601" "$(http "$U/look?k=one")"

t "ten reloads in the middle change nothing about it"
for _ in 1 2 3 4 5 6 7 8 9 10; do
	curl -sZ --no-progress-meter --parallel-max 8 -H 'Connection: close' -o /dev/null -w '%{http_code}\n' "$U/?k=two&n=[1-60]" >>"$T/two" & W=$!
	reload
	wait $W
done
is "200=500 429=100" "$(tally <"$T/two")"
is "601 601" "$(http "$U/look?k=two")"
is "602 602" "$(http "$U/look?k=one")"

t "what a killed worker has counted stays counted, and no more than that"
# No request is under way at the moment of the kill, so none is lost.
for _ in 1 2 3 4; do
	requests 50 three >/dev/null
	victim=$(kids worker | sed -n 1p)
	kill -9 "$victim"
	wait_for 20 gone "$victim"
	wait_for 20 four
done
is "201 201" "$(http "$U/look?k=three")"

t "connections of killed workers are open no more"
look() { http "http://127.0.0.1:$R/"; }
open_is() { [ "$(look)" = "$1" ]; }
for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do eval "exec $i<>/dev/tcp/127.0.0.1/$Q"; done
wait_for 10 open_is 16
for victim in $(kids worker | sed -n 1,3p); do kill -9 "$victim"; done
left() { # connections that still echo
	local i n=0 line
	for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
		if echo x >&$i && read -r -t 2 line <&$i; then n=$((n + 1)); fi 2>/dev/null
	done
	echo $n
}
trap '' PIPE
wait_for 20 four
is "$(left)" "$(look)"
for i in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do eval "exec $i>&-"; done
wait_for 10 open_is 0

t "a table whose data change takes over what fits, and servers are found by name when they are renumbered"
first=$(http "http://127.0.0.1:$((R + 1))/?u=x")
[ "$first" = a ] || { http "http://127.0.0.1:$((R + 1))/?u=y" >/dev/null; }
cfg "  server new 127.0.0.1:1 disabled
$BOTH" ",conn_cnt" >"$T/c.cfg"
reload
for _ in 1 2 3 4; do is "$first" "$(http "http://127.0.0.1:$((R + 1))/?u=x")"; done

t "a generation that does not start takes no table away"
cfg "$BOTH" ",nonsense" >"$T/c.cfg"
kill -HUP "$MASTER"
wait_for 20 grep -q "unknown data type" "$T/sluice.err"
cfg "$BOTH" ",conn_cnt" >"$T/c.cfg"
reload
is "$first" "$(http "http://127.0.0.1:$((R + 1))/?u=x")"
is "603 603" "$(http "$U/look?k=one")"
