#!/usr/bin/env bash
# Input that was made to cost: each request is answered, what is given up is counted, and the worker's processor time and memory stay bounded.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) M=$(port) O=$(port)
cat >"$T/c.cfg" <<EOF
global
  workers 1
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind 127.0.0.1:$P
  acl nested hdr(x-long) -m reg ^(a+)+$
  acl deep hdr(x-long) -m reg ^((a?){30}){30}a{30}\$
  http-request return status 200 content-type text/plain string matched if { path /regex } nested
  http-request replace-header X-Long ^(([a-z])+.)+[A-Z]([a-z])+\$ x if { path /regex }
  http-request return status 200 content-type text/plain string other if { path /regex } deep || { path /regex }
  http-request return status 200 content-type text/plain lf-string "%[req.cook(last)] %[req.cook_cnt(a)] %[req.cook(nobody)]" if { path /cookie }
  http-request wait-for-body time 10s if { path_beg /body }
  http-request return status 200 content-type text/plain lf-string "json %[req.body,json_query('\\\$.a')]" if { path /body/json }
  http-request return status 200 content-type text/plain lf-string "%[req.body_param(last)] %[req.body_param(nobody)]" if { path /body/form }
  http-request normalize-uri query-sort-by-name if { path /query }
  http-request return status 200 content-type text/plain lf-string "%[url_param(last)] %[url_param(nobody)] %[query,length]" if { path /query }
  default_backend b
backend b
  cookie SRV insert indirect
  server o 127.0.0.1:$O cookie o
listen metrics
  bind 127.0.0.1:$M
  http-request use-service prometheus-exporter
EOF
origin "$O" o
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
W=$(kids worker)
metric() { http "http://127.0.0.1:$M/metrics" | sed -n "s/^$1 //p"; }
least() { [ "$(metric "$2")" -ge "$1" ]; }
ticks() { awk '{ print $14 + $15 }' "/proc/$W/stat"; }
rss() { awk '/^VmHWM/ { print $2 }' "/proc/$W/status"; }
# bounded TICKS CMD…: what the worker spends on it, hundredths of a second
bounded() {
	local most=$1 from; shift
	from=$(ticks)
	"$@"
	[ $(($(ticks) - from)) -le "$most" ] || fail "$* took $(($(ticks) - from)) ticks of the worker"
}
repeat() { printf "%$1s" '' | sed "s/ /$2/g"; }
RSS=$(rss)

t "nested quantifiers on a long header are given up, which is counted, and count as no match"
regex() { local i; for i in {1..20}; do is "$1" "$(http -H "X-Long: $2" "$U/regex")"; done; }
is matched "$(http -H "X-Long: aaaa" "$U/regex")"
bounded 400 regex other "$(repeat 8000 a)!"
wait_for 5 least 20 sluice_process_regex_limit_total

t "a cookie line of thousands of entries is read to its end, whatever it is asked for, and hidden from none"

C=$(repeat 2900 'a=1; ')
cookies() { local i; for i in {1..20}; do is "x 2900 " "$(http -H "Cookie: ${C}last=x" "$U/cookie")"; done; }
bounded 200 cookies
is o "$(http -H "Cookie: ${C}SRV=o" "$U/")"
t "... and a million of them are refused as soon as a head is full"
million() {
	(printf 'GET /cookie HTTP/1.1\r\nHost: a\r\nCookie: '; repeat 100000 'a=1; ' | sed 's/.*/&&&&&&&&&&/') | raw "$P" 2>/dev/null | head -1 | tr -d '\r'
}
BAD=$(metric 'haproxy_frontend_request_errors_total{proxy="web"}')
bounded 100 match "^HTTP/1.1 4(00|31) |^$" "$(million)"
wait_for 5 least $((BAD + 1)) 'haproxy_frontend_request_errors_total{proxy="web"}'

t "JSON that is nested too deeply is given up and counted"
json() { local i; for i in {1..10}; do is "$1" "$(http --data-binary @"$T/doc" "$U/body/json")"; done; }
repeat 12000 '[' >"$T/doc"
bounded 200 json "json "
(repeat 2500 '{"a":'; echo 1; repeat 2500 '}') >"$T/doc"
bounded 200 json "json "
wait_for 5 least 20 sluice_process_json_limit_total
t "... and what is large, but not deep, has its values, in bounded memory"
(echo '{"b":['; repeat 7000 '1,'; echo '1],"a":7}') >"$T/doc"
bounded 200 json "json 7"
(echo '{'; for i in {1..1200}; do echo "\"k$i\":$i,"; done; echo '"a":8}') | head -c 15000 >"$T/doc"
bounded 200 json "json 8"

t "chunk extensions have one bound for the whole message"
ext() { # file [pause behind the head]
	(printf 'POST /body/form HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'; sleep "${2:-0}"; cat "$1") | raw "$P" 2>/dev/null | head -1 | tr -d '\r'
}
(printf '1;'; repeat 65536 x; printf '\r\na\r\n0\r\n\r\n') >"$T/long"
(for i in {1..100}; do printf '1;%s\r\na\r\n' "$(repeat 60 x)"; done; printf '0\r\n\r\n') >"$T/many"
(for i in {1..60}; do printf '1;%s\r\na\r\n' "$(repeat 60 x)"; done; printf '0\r\n\r\n') >"$T/few"
BAD=$(metric 'haproxy_frontend_request_errors_total{proxy="web"}')
match "^HTTP/1.1 413 |^$" "$(ext "$T/long")"
is "HTTP/1.1 413 Content Too Large" "$(ext "$T/many")"
is "HTTP/1.1 413 Content Too Large" "$(ext "$T/many" 0.2)"
is "HTTP/1.1 200 OK" "$(ext "$T/few")"
wait_for 5 least $((BAD + 3)) 'haproxy_frontend_request_errors_total{proxy="web"}'

t "thousands of parameters in a query or a form are looked through once for each that is asked for"
Q="$(repeat 3500 'a=1\&')last=x"
query() { local i; for i in {1..20}; do is "x  ${#Q}" "$(http "$U/query?$Q")"; done; }
bounded 200 query
echo -n "$Q" >"$T/form"
form() { local i; for i in {1..20}; do is "x " "$(http --data-binary @"$T/form" "$U/body/form")"; done; }
bounded 200 form

t "all of it was served by one worker, which has not grown"
is "$W" "$(kids worker)"
[ $(($(rss) - RSS)) -le 40000 ] || fail "$(($(rss) - RSS)) KiB more"
