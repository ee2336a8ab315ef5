#!/usr/bin/env bash
# SRV records: servers of a template come, go and move with the records of a label.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port) D=$(port)
for p in "$A" "$B"; do python3 "$ROOT/regtests/lib/digits.py" "$p" & PIDS+=($!); done
zone() { cat >"$T/zone.new"; mv "$T/zone.new" "$T/zone"; }
put() { { grep -v "^$1 " "$T/zone" || true; echo "$*"; } | zone; }
zone <<E
w2.test 127.0.0.2
w3.test 127.0.0.3
w4.test 127.0.0.4
many.test many 3
_app._tcp.test srv 0:65535:$A:w2.test 9:300:$A:W3.test 0:0:$A:w3.test 0:0:$A:w4.test.
_glue._tcp.test srv+ 0:1:$A:g2.test 0:1:$A:g3.test
g2.test 127.0.0.2
g3.test 127.0.0.3
_ports._tcp.test srv 0:1:$A:w2.test 0:1:$B:w2.test
_hold._tcp.test srv 0:1:$A:w2.test
_none._tcp.test srv 0:0:0:.
_nx._tcp.test srv 0:1:$A:w2.test
E
python3 "$ROOT/regtests/lib/dns.py" "$D" "$T/zone" "$T/queries" & PIDS+=($!)
wait_for 10 listening "$D"
cat >"$T/c.cfg" <<E
global
  workers 2
  stats socket $T/s level admin
  log stdout format raw local0
resolvers dns
  nameserver one 127.0.0.1:$D
  timeout resolve 100ms
  timeout retry 200ms
  hold nx 0s
  hold timeout 600s
  hold other 600s
resolvers slow
  nameserver one 127.0.0.1:$D
  timeout resolve 100ms
  hold obsolete 600s
defaults
  mode http
  log global
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  balance roundrobin
  default-server init-addr none resolvers dns resolve-prefer ipv4
frontend f
  bind 127.0.0.1:$P
  no log
  use_backend %[path,word(1,/)]
backend app
  server-template s 4 _app._tcp.test check inter 50ms
backend few
  server-template s 2 _app._tcp.test resolve-opts ignore-weight weight 7
backend glue
  server-template s 2 _glue._tcp.test
backend sticky
  dynamic-cookie-key secret
  cookie C insert dynamic indirect
  server-template s 3 _glue._tcp.test
backend ports
  server a _ports._tcp.test
  server b _ports._tcp.test
backend hold
  server-template s 2 _hold._tcp.test resolvers slow
backend none
  server-template s 1 _none._tcp.test
backend named
  server n w4.test:$A
backend nx
  server-template s 1 _nx._tcp.test
E
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/s"; }
get() { local r; r=$(curl -s --max-time 5 -w '|%{http_code}' "http://127.0.0.1:$P/$1/"); [ "${r##*|}" = 200 ] && echo "${r%%|*}" || echo "${r##*|}"; }
goes() { [ "$(for _ in 1 2 3 4 5 6; do get "$1"; done | sort -u | xargs)" = "$2" ]; }
expect() { wait_for 8 goes "$1" "$2" || fail "$1 wanted '$2': $(ask "show servers state $1")"; }
# name, address, port, target, label, weight; "-" while it has no record
rows() { ask "show servers state $1" | awk 'NR > 2 && NF { print $4, ($7 >= 32 ? "-" : $5 ":" $19 " " $18 " " $8) }' | xargs; }
rows_are() { [ "$(rows "$1")" = "$2" ]; }
expect_rows() { wait_for 8 rows_are "$1" "$2" || fail "$1 wanted '$2': $(rows "$1")"; }

t "records become servers: address, port, weight; the same target and port is one, priorities do not matter"
expect_rows app "s1 127.0.0.2:$A w2.test 256 s2 127.0.0.3:$A w3.test 2 s3 127.0.0.4:$A w4.test 0 s4 -"
expect app "2 3"
is "_app._tcp.test" "$(ask 'show servers state app' | awk '$4 == "s1" { print $20 }')"
match 'app/s1 changed its FQDN from \(none\) to w2\.test by .SRV record.' "$(cat "$T/sluice.out")"
is "MAINT (resolution)" "$(ask 'show stat' | awk -F, '$1 == "app" && $2 == "s4" { print $18 }')"
t "records that find no server are said to be so; weights of records can be left alone"
expect_rows few "s1 127.0.0.2:$A w2.test 7 s2 127.0.0.3:$A w3.test 7"
wait_for 5 grep -q 'backend few has no server left for 1 of the records of _app\._tcp\.test\.' "$T/sluice.out"
t "addresses that come with the records are taken, and not asked for"
expect glue "2 3"
grep -q ' g[23]\.test A' "$T/queries" && fail "$(sort "$T/queries" | uniq -c)"
put g2.test 127.0.0.4
expect glue "3 4"
t "dynamic cookies are those of where servers are"
expect sticky "3 4"
cookies() { for _ in 1 2 3 4 5 6; do curl -s -D - -o /dev/null --max-time 5 "http://127.0.0.1:$P/sticky/" | sed -n 's/^set-cookie: C=\([0-9a-f]*\).*/\1/p'; done | sort -u; }
is 2 "$(cookies | wc -l)"
for C in $(cookies); do
	is 1 "$(for _ in 1 2 3 4; do curl -s --max-time 5 -H "Cookie: C=$C" "http://127.0.0.1:$P/sticky/"; echo; done | sort -u | wc -l)"
done
t "several ports of a target are several servers"
expect_rows ports "a 127.0.0.2:$A w2.test 1 b 127.0.0.2:$B w2.test 1"
t "who has a record keeps it, whatever comes and goes before it"
put _app._tcp.test srv 0:1:$A:w4.test 0:1:$A:w3.test
expect_rows app "s1 - s2 127.0.0.3:$A w3.test 1 s3 127.0.0.4:$A w4.test 1 s4 -"
expect app "3 4"
wait_for 5 grep -q 'Server app/s1 is going DOWN for maintenance (entry removed from SRV record)' "$T/sluice.out"
t "a record that comes back finds its server; a new one takes a server that never had one"
put w5.test 127.0.0.2
put _app._tcp.test srv 0:1:$B:w5.test 0:1:$A:w3.test 0:1:$A:w2.test
expect_rows app "s1 127.0.0.2:$A w2.test 1 s2 127.0.0.3:$A w3.test 1 s3 - s4 127.0.0.2:$B w5.test 1"
t "targets move as names do, and without an address they are in maintenance"
put w3.test 127.0.0.4
expect app "2 4"
put w3.test nx
expect_rows app "s1 127.0.0.2:$A w2.test 1 s2 - s3 - s4 127.0.0.2:$B w5.test 1"
put w3.test 127.0.0.4
expect app "2 4"
t "records that are gone stay for hold obsolete"
expect hold 2
put _hold._tcp.test srv 0:1:$A:w4.test
expect hold "2 4"
t "a service that is not offered has no servers, one whose label is gone loses them"
expect nx 2
put _nx._tcp.test nx
wait_for 8 grep -q 'Server nx/s1 is going DOWN for maintenance (DNS NX status)' "$T/sluice.out"
expect nx 503
is "s1 -" "$(rows none)"
put _nx._tcp.test srv 0:1:$A:w2.test
expect nx 2
t "failures within hold change nothing"
put _app._tcp.test servfail; sleep 0.3; goes app "2 4" || fail "servfail"
put _app._tcp.test mute; sleep 0.3; goes app "2 4" || fail "mute"
put _app._tcp.test garbage; sleep 0.3; goes app "2 4" || fail "garbage"
t "show resolvers counts what changed addresses"
match ' update: +[1-9]' "$(ask 'show resolvers dns' | tr '\n' ' ')"
t "addresses, ports and weights outlive the checker, a reload and what save config writes"
put w2.test mute; put w3.test mute; put w5.test mute
put _app._tcp.test srv 0:700:$B:w5.test 0:1:$A:w3.test 0:1:$A:w2.test
R="s1 127.0.0.2:$A w2.test 1 s2 127.0.0.4:$A w3.test 1 s3 - s4 127.0.0.2:$B w5.test 3"
expect_rows app "$R"
put _app._tcp.test mute
kill -9 "$(kids checker)"
wait_for 10 grep -q "New checker" "$T/sluice.err"
is "$R" "$(rows app)"
match "Success=1" "$(ask reload)"
is "$R" "$(rows app)"
goes app "2 4" || fail "$(rows app)"
match 'server-template s 4 _app\._tcp\.test check inter 50ms$' "$(ask 'save config' | grep '_app.*check')"
t "the target is the record's business, the address may be set by hand until the next answer"
is "set server <b>/<s> fqdn failed because SRV resolution is configured." "$(ask 'set server app/s1 fqdn w9.test' | head -n 1)"
t "a server with a label can be added at run time"
put added.test 127.0.0.3
put _hold._tcp.test srv 0:1:$A:w4.test 0:1:$A:w2.test 0:9:$A:added.test
match "New server registered" "$(ask "add server hold/d _hold._tcp.test resolvers slow")"
ask "enable server hold/d" >/dev/null
wait_for 8 rows_are hold "s1 127.0.0.2:$A w2.test 1 s2 127.0.0.4:$A w4.test 1 d 127.0.0.3:$A added.test 1" || fail "$(rows hold)"
ask "disable server hold/d" >/dev/null
match "Server deleted" "$(ask "del server hold/d")"
t "a state file says where servers with names and labels were, until nameservers do"
put _app._tcp.test srv 0:700:$B:w5.test 0:1:$A:w3.test 0:1:$A:w2.test
expect_rows app "$R"
ask "show servers state" >"$T/states"
NAMED=$(rows named)
match "^n 127\.0\.0\.4:$A w4.test " "$NAMED"
sluice_stop
sed -i 's/ .*/ mute/' "$T/zone"
sed -i "s,^global,global\n  server-state-file $T/states," "$T/c.cfg"
sed -i "s,^  log global,  log global\n  load-server-state-from-file global," "$T/c.cfg"
sluice_start "$T/c.cfg"
is "$R" "$(rows app)"
is "$NAMED" "$(rows named)"
goes app "2 4" || fail "$(rows app)"
