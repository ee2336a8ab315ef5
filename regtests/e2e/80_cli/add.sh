#!/usr/bin/env bash
# Servers added and deleted at run time: words and texts, every process, every algorithm, while traffic runs.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port 12)
for i in 1 2 3; do origin $((P + i)) o$i; done
backends="roundrobin static-rr leastconn first random source p2c ewma maglev"
{
	cat <<-EOF
	global
	    workers 2
	    stats socket $T/s level admin
	defaults
	    mode http
	    timeout client 20s
	    timeout server 20s
	    timeout connect 1s
	    timeout queue 20s
	    default-server inter 50ms rise 1 fall 1
	frontend f
	    bind 127.0.0.1:$P
	    use_backend %[req.hdr(x-be)] if { req.hdr(x-be) -m found }
	    default_backend site
	backend site
	    balance roundrobin
	    cookie SRV insert
	    default-server weight 7
	    server s1 127.0.0.1:$((P + 1)) cookie c1
	    server named 127.0.0.1:$((P + 1)) weight 0
	    server checked 127.0.0.1:$((P + 2)) check weight 0
	    use-server named if { path /named }
	backend full
	    server s1 127.0.0.1:$((P + 1)) maxconn 1
	backend empty
	    http-response set-header x-server %[srv_name]
	backend sums
	    http-request return status 200 content-type text/plain lf-string "%[nbsrv(site)] %[srv_is_up(site/checked)]"
	EOF
	for b in $backends; do
		printf 'backend %s\n    balance %s\n    server s1 127.0.0.1:%s\n' "be-$b" "$([ "$b" = maglev ] && echo 'maglev path' || echo "$b")" $((P + 1))
		printf '    http-response set-header x-server %%[srv_name]\n'
	done
} >"$T/a.cfg"
sluice_start "$T/a.cfg"
cli() { echo "$1" | socat -t 5 stdio "unix:$T/s"; }
said() { cli "$1" | sed '/^$/d' | head -n 3; }
be() { http -H "x-be: $1" "http://127.0.0.1:$P/"; }
servers_of() { http -D - -o /dev/null -H "x-be: $1" "http://127.0.0.1:$P/$RANDOM-[1-6]" | tr -d '\r' | sed -n 's/^x-server: //p' | sort -u | xargs; }
origin_of() { http -D - -o /dev/null "$@" "http://127.0.0.1:$P/" | tr -d '\r' | sed -n 's/^x-origin: //Ip'; }
stat_col() { cli "show stat" | awk -F, -v n="$2" -v s="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == n) c = i } $1 "/" $2 == s { print $c }'; }

t "what is not a server that can be added is refused as HAProxy says it"
is "Require 'backend/server'." "$(said 'add server')"
is "Require 'backend/server'." "$(said 'add server site')"
is "No such backend." "$(said 'add server nosuch/x 127.0.0.1:1')"
is "'server' expects <name> and <addr>[:<port>] as arguments." "$(said 'add server site/x')"
is "Already exists a server with the same name in backend." "$(said 'add server site/s1 127.0.0.1:1')"
match "unknown parameter 'wat'" "$(said 'add server site/x 127.0.0.1:1 wat')"
match "custom id 1 already used" "$(said 'add server site/x 127.0.0.1:1 id 1')"
is "No such server." "$(said 'del server site/x')"

t "an added server starts in maintenance, its checks off, and has what default-server says"
is "New server registered." "$(said "add server site/new 127.0.0.1:$((P + 2)) check cookie c2")"
is MAINT "$(stat_col site/new status)"
is "7 (initial 7)" "$(said 'get weight site/new')"
is 4 "$(stat_col site/new sid)"
is INI "$(stat_col site/new check_status)"
is 4 "$(cli 'show servers state site' | grep -c ' site ')"
is "1 1" "$(be sums)"

t "it takes requests once it is ready, and is checked once its health is enabled"
said 'set server site/new state ready' >/dev/null
gets() { [ "$(origin_of -b 'SRV=c2')" = o2 ]; }
wait_for 5 gets
is INI "$(stat_col site/new check_status)"
said 'enable health site/new' >/dev/null
checked() { [ "$(stat_col site/new check_status)" = L4OK ]; }
wait_for 5 checked
is "2 1" "$(be sums)"

t "a server that others mean, or that is not in maintenance, is not deleted"
named="This server cannot be removed at runtime due to other configuration elements pointing to it."
is "$named" "$(said 'del server site/named')"
is "$named" "$(said 'del server site/checked')"
is "Only servers in maintenance mode can be deleted." "$(said 'del server site/new')"
is "New server registered." "$(said "add server site/fol 127.0.0.1:$((P + 3)) track new")"
said 'set server site/new state maint' >/dev/null
is "$named" "$(said 'del server site/new')"
match 'MAINT' "$(stat_col site/fol status)"
is "Server deleted." "$(said 'del server site/fol')"

t "a server with an exchange is not deleted until that is over; idle connections do not hold it"
said 'set server site/new state ready' >/dev/null
wait_for 5 gets
http -b 'SRV=c2' -o /dev/null "http://127.0.0.1:$P/hold/go" & HELD=$!
busy() { [ "$(stat_col site/new scur)" = 1 ]; }
wait_for 5 busy
said 'set server site/new state maint' >/dev/null
is "Server still has connections attached to it, cannot remove it." "$(said 'del server site/new')"
cli 'wait 10s srv-removable site/new' >"$T/waited" & W=$!
touch "$T/go"
wait $HELD $W
is "Done." "$(sed '/^$/d' "$T/waited")"
is "Server deleted." "$(said 'del server site/new')"
is "" "$(stat_col site/new status)"
is "No such server." "$(said 'set server site/new state ready')"
is "1 1" "$(be sums)"

t "a configured server can be deleted as well"
said 'set server site/s1 state maint' >/dev/null
is "Server deleted." "$(said 'del server site/s1')"
is "checked named" "$(cli 'show servers state site' | awk '$2 == "site" { print $4 }' | sort | xargs)"

t "another server in the same row begins at zero"
is "New server registered." "$(said "add server site/s1 127.0.0.1:$((P + 3)) cookie c3")"
is 0 "$(stat_col site/s1 stot)"
is "" "$(cli 'show health site/s1' | grep site/ || true)"
said 'set server site/s1 state ready' >/dev/null
third() { [ "$(origin_of -b 'SRV=c3')" = o3 ]; }
wait_for 5 third

t "every algorithm gives requests to an added server, and none to a deleted one"
for b in $backends; do
	is "New server registered." "$(said "add server be-$b/added 127.0.0.1:$((P + 2))")"
	is s1 "$(servers_of "be-$b")"
	said "set server be-$b/added state ready" >/dev/null
	[ $b != first ] || said "set maxconn server be-first/s1 1" >/dev/null
	[ $b != first ] || { http -H 'x-be: be-first' -o /dev/null "http://127.0.0.1:$P/hold/first" & }
	drawn() { servers_of "be-$b" | grep -qw added; }
	wait_for 10 drawn
	said "set server be-$b/added state maint" >/dev/null
	is "Server deleted." "$(said "del server be-$b/added")"
	[ $b != first ] || touch "$T/first"
	is s1 "$(servers_of "be-$b")"
done

t "requests that wait in the queue are given to an added server at once"
http -H 'x-be: full' -o /dev/null "http://127.0.0.1:$P/hold/full" & HELD=$!
busy() { [ "$(stat_col full/s1 scur)" = 1 ]; }
wait_for 5 busy
be full >"$T/queued" & Q=$!
queued() { [ "$(stat_col full/BACKEND qcur)" = 1 ]; }
wait_for 5 queued
said "add server full/more 127.0.0.1:$((P + 2)) maxconn 1" >/dev/null
said 'set server full/more state ready' >/dev/null
wait $Q
is o2 "$(cat "$T/queued")"
touch "$T/full"; wait $HELD

t "a backend without servers gets its first"
is 503 "$(code -H 'x-be: empty' "http://127.0.0.1:$P/")"
is "New server registered." "$(said "add server empty/one 127.0.0.1:$((P + 1))")"
said 'set server empty/one state ready' >/dev/null
is one "$(servers_of empty)"

t "a worker that stands still holds a deletion up, and finds the server where it was when it goes on"
kill -STOP "$(kids worker | head -n 1)"
said 'set server empty/one state maint' >/dev/null
is "A process does not answer: the server stays." "$(said 'del server empty/one')"
is 1 "$(cli 'show servers state empty' | grep -c ' one ')"
kill -CONT "$(kids worker | head -n 1)"
said 'set server empty/one state ready' >/dev/null
all_workers() { [ "$(for _ in 1 2 3 4; do servers_of empty; done | xargs)" = "one one one one" ]; }
wait_for 10 all_workers
said 'set server empty/one state maint' >/dev/null
is "Server deleted." "$(said 'del server empty/one')"
