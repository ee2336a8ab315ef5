#!/usr/bin/env bash
# What stick tables count of a client, and what rules and expressions make of it. The figures are those of HAProxy 2.6 for the same requests.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) L4=$(port) C=$(port) X=$(port)
origin "$O" a
cat >"$T/c.cfg" <<EOC
global
  nbthread 2
  tune.stick-counters 4
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  stick-table type ip size 1k expire 60s store conn_cnt,conn_cur,sess_cnt,http_req_cnt,http_req_rate(10m),http_err_cnt,http_fail_cnt,gpc0,gpc0_rate(10m),gpt0,bytes_in_cnt,bytes_out_cnt
  tcp-request connection track-sc0 src
  http-request track-sc1 url_param(k) table k if { url_param(k) -m found }
  http-request track-sc1 str(never) table k if { url_param(k) -m found }
  http-request track-sc3 str(three) table k if { path /three }
  http-request sc-inc-gpc0(1) if { path /inc }
  http-request sc-add-gpc(1,3) 5 if { path /three }
  http-request sc-set-gpt0(0) 7 if { path /gpt }
  http-request deny deny_status 429 if { sc_http_req_rate(1) gt 5 }
  http-request deny if { path /deny }
  http-request set-path /status/%[path,field(3,/)] if { path_beg /s/ }
  http-request return status 200 content-type text/plain lf-string "cc=%[sc0_conn_cnt] cur=%[sc0_conn_cur] sess=%[sc0_sess_cnt] rc=%[sc0_http_req_cnt] rr=%[sc0_http_req_rate] err=%[sc0_http_err_cnt] fail=%[sc0_http_fail_cnt] t1=%[sc1_tracked] g1=%[sc1_get_gpc0] rr1=%[sc1_http_req_rate] gpt=%[sc0_get_gpt0] src=%[src_http_req_cnt(f)] tr=%[sc_trackers(0)] alt=%[sc0_conn_cnt(k)] cnt=%[table_cnt] kc=%[table_cnt(k)] avl=%[table_avl(k)] conv=%[src,table_http_req_cnt(f)] in=%[str(zz),in_table(k)] g3=%[sc_get_gpc(1,3)]" unless { path_beg /status/ }
  default_backend b
backend b
  server s 127.0.0.1:$O
backend k
  stick-table type string len 20 size 100 expire 60s store gpc(2),gpc_rate(2,10m),http_req_rate(10m),http_req_cnt,conn_cnt
frontend bytes
  bind 127.0.0.1:$C
  stick-table type integer size 10 store bytes_in_cnt,bytes_out_cnt,conn_cur
  http-request track-sc0 int(1)
  http-request return status 200 content-type text/plain lf-string "%[int(1),table_kbytes_in(bytes)] %[sc0_kbytes_out]" if { path /look }
  http-request return status 200 content-type text/plain file $T/large
frontend manual
  bind 127.0.0.1:$X
  stick-table type ip size 10 store gpc0,gpc1,conn_cnt
  http-request return status 200 content-type text/plain lf-string "%[src_updt_conn_cnt] %[src_inc_gpc0] %[src_inc_gpc0] %[src_clr_gpc0] %[src_get_gpc0] %[src_get_gpc1]"
listen l4
  mode tcp
  bind 127.0.0.1:$L4
  stick-table type ip size 10 expire 60s store conn_cur
  tcp-request connection track-sc0 src
  tcp-request connection reject if { sc0_conn_cur gt 2 }
  server s 127.0.0.1:$O
EOC
head -c 5000 /dev/zero | tr '\0' y >"$T/large"
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

t "connections, sessions and requests of an address are counted"
is "cc=1 cur=1 sess=1 rc=1 rr=1 err=0 fail=0 t1=0 g1= rr1= gpt=0 src=1 tr=1 alt=0 cnt=1 kc=0 avl=100 conv=1 in=0 g3=" "$(http "$U/")"
http "$U/" "$U/" >/dev/null
match "cc=3 cur=1 sess=3 rc=4 rr=4 " "$(http "$U/")"

t "the first rule for a slot wins, and counts the request it tracks"
match "t1=1 g1=0 rr1=1 .*kc=1 avl=99 " "$(http "$U/?k=a")"
match "t1=1 g1=0 rr1=2 .*kc=1 avl=99 " "$(http "$U/?k=a")"

t "general purpose counters and tags are changed by rules"
match "g1=1 rr1=3 " "$(http "$U/inc?k=a")"
match "gpt=7 " "$(http "$U/gpt")"
match "g3=5$" "$(http "$U/three")"
match "g3=10$" "$(http "$U/three")"

t "the rate of a key denies what goes beyond it, and nothing of another key"
is "200 200 200 200 200 429 429 " "$(for _ in 1 2 3 4 5 6 7; do code "$U/?k=d"; echo -n ' '; done)"
is 200 "$(code "$U/?k=e")"

t "denied requests, client errors and bad requests are errors; failures are the server's, but not 501 and 505"
match "err=2 fail=0 " "$(http "$U/")"
is 403 "$(code "$U/deny")"
for s in 200 404 410 500 501 503 505; do is $s "$(code "$U/s/$s")"; done
printf 'BAD\r\n\r\n' | raw "$P" >/dev/null
match "err=6 fail=2 " "$(http "$U/")"

t "bytes of both directions are counted"
http "http://127.0.0.1:$C/" "http://127.0.0.1:$C/" >/dev/null
is "0 9" "$(http "http://127.0.0.1:$C/look")"
http -o /dev/null -H "X-Pad: $(head -c 2000 /dev/zero | tr '\0' x)" "http://127.0.0.1:$C/"
match "^2 1[45]$" "$(http "http://127.0.0.1:$C/look")"

t "fetches of the address make, increment and clear"
is "1 1 2 2 0 0" "$(http "http://127.0.0.1:$X/")"
is "2 1 2 2 0 0" "$(http "http://127.0.0.1:$X/")"

t "open connections of an address are limited, and counted down when they end"
exec 3<>"/dev/tcp/127.0.0.1/$L4" 4<>"/dev/tcp/127.0.0.1/$L4"
exec 5<>"/dev/tcp/127.0.0.1/$L4" || true
is "" "$(timeout 5 cat <&5 || true)"
exec 3>&- 4>&- 5>&-
served() { (trap '' PIPE; exec 6<>"/dev/tcp/127.0.0.1/$L4" && printf 'GET /id HTTP/1.0\r\n\r\n' >&6 && grep -q '^HTTP' <&6); } # refused: the write finds nobody
wait_for 10 served
