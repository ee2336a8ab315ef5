#!/usr/bin/env bash
# `explain` on the runtime socket: the states and loads of this moment, looked at and not touched.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) D=$(port)
cat >"$T/c.cfg" <<-EOF
global
    workers 2
    stats socket $T/sock level operator
    stats socket $T/user level user
defaults
    mode http
    timeout client 20s
    timeout server 20s
    timeout connect 1s
frontend web
    bind 127.0.0.1:$P
    http-request track-sc0 src
    http-request deny if { src 192.0.2.0/24 }
    http-request deny if { sc_http_req_cnt(0) gt 1000 } or { sc_conn_cur(0) gt 1000 }
    stick-table type ip size 1k store http_req_cnt,conn_cur
    default_backend site
backend site
    balance leastconn
    server up 127.0.0.1:$O check inter 50
    server gone 127.0.0.1:$D check inter 50 fall 1
EOF
origin "$O" up
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$2" | socat -t 5 stdio "unix:$T/$1"; } # socket command
says() { [[ $(ask sock "explain http://www.example.org:$P/") =~ $1 ]]; }

t "the states of servers are those of the moment"
wait_for 10 says "gone 127.0.0.1:$D DOWN, .* not a candidate"
match "pick +site/up" "$(ask sock "explain http://www.example.org:$P/")"
t "rules tell what they compare, a blank in a word is escaped"
match "answer +403" "$(ask sock "explain GET http://a:$P/ --src 192.0.2.9")"
match "answer +403" "$(ask sock "explain GET\\ http://a:$P/ --src 192.0.2.9")"
t "requests in flight are seen"
exec 5<>"/dev/tcp/127.0.0.1/$P"
printf 'GET /delay/8000 HTTP/1.1\r\nHost: a\r\n\r\n' >&5
wait_for 5 says "up 127.0.0.1:$O UP, weight 1, in flight 1"
exec 5<&-
t "nothing is changed by looking: no load, no child stays"
wait_for 10 says "in flight 0, cost"
for _ in 1 2 3 4 5 6 7 8 9 10; do ask sock "explain http://www.example.org:$P/" >/dev/null; done
match "in flight 0, cost 0.000" "$(ask sock "explain http://www.example.org:$P/")"
three_children() { [ "$(pgrep -c -P "$(kids leader)")" = 3 ]; }
wait_for 5 three_children
t "counts of stick tables are those of the moment, and stay so"
for _ in 1 2 3; do http -o /dev/null "http://127.0.0.1:$P/"; done
counted() { [[ $(ask sock "show table web") =~ http_req_cnt=$1 ]]; }
wait_for 5 counted 4
for _ in 1 2 3; do match "sc_http_req_cnt\(0\) is 5"$'\n' "$(ask sock "explain http://a:$P/")"; done
counted 4 || fail "counted by looking"
t "what is no request, and who may not ask, is refused"
match "^a URL begins with" "$(ask sock "explain nonsense://x/ a")"
match "Permission denied" "$(ask user "explain http://www.example.org:$P/")"
