#!/usr/bin/env bash
# Long lists of http-request, http-response and tcp-request rules, of every kind that an index takes, with rewrites in between: each does what it
# says, whatever is found through which index.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) Q=$(port)
origin "$O" a
{ for i in $(seq 300); do echo "/listed/$i"; done; } >"$T/listed"
printf '/mapped/a gold\n/mapped/b silver\n' >"$T/tiers"
cat >"$T/c.cfg" <<EOC
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  acl listed path -f $T/listed
  acl local src 127.0.0.0/8
$(for i in $(seq 200); do echo "  http-request set-header X-Seen host$i if { hdr(host) -i site$i.test }"; done)
$(for i in $(seq 200); do echo "  http-request deny deny_status 4$((i % 50 + 10)) if { path_reg ^/secret$i/.*\\.(key|pem)\$ }"; done)
  http-request set-path /moved%[path] if { path_beg /old }
  http-request set-var(txn.old) str(yes) if { path_beg /moved/old/ }
  http-request return status 201 if { var(txn.old) -m str yes } { path_end .one }
  http-request set-header X-Tag rewritten if { path_beg /moved }
  http-request return status 202 if { hdr(x-tag) rewritten } { path_dir two }
  http-request return status 203 if { path_beg /old }
  http-request return status 411 if listed
  http-request return status 412 if { path,map($T/tiers) -m str gold }
  http-request return status 413 if { hdr(x-none) -m found } !local
  http-request return status 414 if { method BREW }
  http-request return status 415 if { hdr_cnt(x-many) 3:5 } local
  http-request return status 416 if { hdr_dom(x-dom) example.org }
  http-request return status 417 unless { path_len lt 200 }
  http-request return status 418 if !{ hdr(host) -m found } or { path /teapot }
  http-request return status 420 if { hdr(x-seen) host150 } { path /seen }
  http-request pause 1ms if { path /paused }
  http-request return status 421 if { path /paused }
$(for i in $(seq 20); do echo "  http-response set-header X-R$i \"%[status]\" if { status 20$((i % 10)) } { res.hdr(x-origin) -m found }"; done)
  http-response set-status 299 if { status 203 }
  http-response set-header X-Last 299 if { status 299 }
  default_backend b
backend b
$(for i in $(seq 20); do echo "  use-server s$((i % 2)) if { path /srv/$i }"; done)
  server s0 127.0.0.1:$O
  server s1 127.0.0.1:$O disabled
frontend l4
  bind 127.0.0.1:$Q
  mode tcp
  tcp-request inspect-delay 5s
$(for i in $(seq 30); do echo "  tcp-request content reject if { req.payload(0,4) -m str no$((i + 10)) }"; done)
  tcp-request content reject if { src 10.0.0.0/8 }
  tcp-request content accept if { req.len ge 4 }
  default_backend tb
backend tb
  mode tcp
  server s 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

t "rules are found by host, regular expression, list, map, method, number, word and negation"
is 411 "$(code "$U/listed/300")"; is 200 "$(code "$U/listed/301")"
is 412 "$(code "$U/mapped/a")"; is 200 "$(code "$U/mapped/b")"
is 414 "$(code -X BREW "$U/x")"
is 415 "$(code -H 'X-Many: 1, 2' -H 'X-Many: 3' "$U/x")"; is 200 "$(code -H 'X-Many: 1, 2' "$U/x")"
is 416 "$(code -H 'X-Dom: www.example.org:80' "$U/x")"; is 200 "$(code -H 'X-Dom: www.example.organ' "$U/x")"
is 417 "$(code "$U/$(printf 'x%.0s' {1..220})")"
is 418 "$(code "$U/teapot")"; is 200 "$(code -H 'X-None: 1' "$U/x")"
is 447 "$(code "$U/secret87/a/b.pem")"; is 200 "$(code "$U/secret87/a/b.pen")"; is 200 "$(code "$U/secret/a/b.pem")"
t "a rewrite is seen by the rules behind it, and what was true before it no longer is"
is 201 "$(code "$U/old/x.one")"
is 202 "$(code "$U/old/two/x")"
http -o /dev/null "$U/oldest"; is /moved/oldest "$(awk 'END {print $4}' "$T/origin.a.log")"
t "a header that a rule sets is found by the next"
is 420 "$(code -H 'Host: SITE150.test' "$U/seen")"; is 200 "$(code -H 'Host: site151.test' "$U/seen")"
t "a list that a rule holds goes on behind it"
is 421 "$(code "$U/paused")"
t "a list of response rules sees the status that a rule has set"
out=$(http -i "$U/status/203" | tr -d '\r')
match '^HTTP/1.1 299' "$out"; match $'\nX-R3: 203\n' "$out"; match $'\nX-R13: 203\n' "$out"; match $'\nX-Last: 299\n' "$out"; nomatch $'\nX-R4:' "$out"
t "a server that a rule names and that is disabled is passed over"
is 200 "$(code "$U/srv/2")"; is 200 "$(code "$U/srv/3")"
t "a list that waits for bytes goes on when they come"
exec 3<>"/dev/tcp/127.0.0.1/$Q"
printf 'GE' >&3; printf 'T /x HTTP/1.0\r\n\r\n' >&3
match 'HTTP/1.[01] 200' "$(head -1 <&3)"
exec 3<&- 3>&-
is '' "$(printf 'no17 and more' | raw "$Q")"
