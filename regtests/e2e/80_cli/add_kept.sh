#!/usr/bin/env bash
# Servers added and deleted at run time outlive reloads, deaths and upgrades, until the files say otherwise; and where no row is spare, a reload
# makes one.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port 5)
for i in 1 2 3; do origin $((P + i)) o$i; done
config() { # [line of backend site...]
	cat <<-EOF
	global
	    workers 2
	    tune.spare-servers ${SPARE:-8}
	    stats socket $T/s level admin
	defaults
	    mode http
	    timeout client 20s
	    timeout server 20s
	    timeout connect 1s
	frontend f
	    bind 127.0.0.1:$P
	    default_backend site
	backend site
	    balance roundrobin
	    http-response set-header x-server %[srv_name]
	    server s1 127.0.0.1:$((P + 1))
	EOF
	for l in "$@"; do echo "    $l"; done
}
cli() { echo "$1" | socat -t 20 stdio "unix:$T/s"; }
said() { cli "$1" | sed '/^$/d' | head -n 3; }
who() { http -D - -o /dev/null "http://127.0.0.1:$P/" | tr -d '\r' | sed -n 's/^x-server: //p'; }
drawn() { for _ in {1..8}; do who; done | sort -u | xargs; }
listed() { cli 'show servers state site' | awk '$2 == "site" { print $4 }' | sort | xargs; }
field() { cli 'show servers state site' | awk -v s="$1" -v f="$2" '$4 == s { print $f }'; }
reload() { is "Success=1" "$(said reload | head -n 1)"; }
config "server s2 127.0.0.1:$((P + 2))" >"$T/a.cfg"
sluice_start "$T/a.cfg"

t "an added server stands after a reload as it stood before: number, weight, state, counters"
is "New server registered." "$(said "add server site/new 127.0.0.1:$((P + 3)) weight 2")"
said 'set server site/new state ready; set weight site/new 3' >/dev/null
is "new s1 s2" "$(drawn)"
id=$(field new 3) tot=$(cli 'show stat' | awk -F, '$2 == "new" { print $8 }')
reload
is "new s1 s2" "$(listed)"
is "$id 3" "$(field new 3) $(field new 8)"
is "$tot" "$(cli 'show stat' | awk -F, '$2 == "new" { print $8 }')"
is "new s1 s2" "$(drawn)"

t "one that waits in maintenance goes on waiting"
is "New server registered." "$(said "add server site/later 127.0.0.1:$((P + 3))")"
reload
is 1 "$(field later 7)"
is "new s1 s2" "$(drawn)"

t "a deleted server of the files stays deleted while its line says the same"
said 'set server site/s2 state maint' >/dev/null
is "Server deleted." "$(said 'del server site/s2')"
reload
is "later new s1" "$(listed)"
reload
is "new s1" "$(drawn)"

t "save config has the added, not the deleted"
cli 'save config' >"$T/saved.cfg"
is 1 "$(grep -c "server new 127.0.0.1:$((P + 3)) weight 2 id $id weight 3" "$T/saved.cfg")"
is 1 "$(grep -c "server later 127.0.0.1:$((P + 3)).* disabled" "$T/saved.cfg")"
is 0 "$(grep -c 'server s2' "$T/saved.cfg" || true)"
"$SLUICE" -c -q -f "$T/saved.cfg"

t "when the line changes the server is back; when the files have a server of the name of an added one, that counts"
config "server s2 127.0.0.1:$((P + 2)) weight 1" "server later 127.0.0.1:$((P + 2))" >"$T/a.cfg"
reload
is "later new s1 s2" "$(listed)"
is "$((P + 2))" "$(field later 19)"
config "server s2 127.0.0.1:$((P + 2)) weight 1" >"$T/a.cfg"
reload
is "new s1 s2" "$(listed)"

t "a deletion of an added one is kept, and so is another under its name"
said 'set server site/new state maint' >/dev/null
is "Server deleted." "$(said 'del server site/new')"
is "New server registered." "$(said "add server site/new 127.0.0.1:$((P + 1)) weight 3")"
reload
is "3 1" "$(field new 8) $(field new 7)"
said 'set server site/new state maint; del server site/new' >/dev/null
reload
is "s1 s2" "$(listed)"

t "an addition that does not fit a new configuration is left out with a warning, and the start goes on"
is "New server registered." "$(said "add server site/odd 127.0.0.1:$((P + 3)) id 77")"
config "server s2 127.0.0.1:$((P + 2)) weight 1 id 77" >"$T/a.cfg"
reload
is "s1 s2" "$(listed)"
grep -q "server site/odd, which was added at run time, does not fit" "$T/sluice.err"
config "server s2 127.0.0.1:$((P + 2)) weight 1" >"$T/a.cfg"
reload
is "odd s1 s2" "$(listed)"

t "the leader and a worker may be killed: the server is still there"
said 'set server site/odd state ready' >/dev/null
kill -9 "$(kids worker | head -n 1)"
again() { [ "$(kids worker | wc -l)" = 2 ] && [ "$(drawn)" = "odd s1 s2" ]; }
wait_for 10 again
kill -9 "$(kids leader)"
led() { [ "$(listed)" = "odd s1 s2" ] && [ "$(drawn)" = "odd s1 s2" ]; }
wait_for 10 led

t "without a spare row the addition brings a reload, and the answer its verdict"
SPARE=0 config "server s2 127.0.0.1:$((P + 2)) weight 1" >"$T/a.cfg"
reload
is "New server registered." "$(said "add server site/more 127.0.0.1:$((P + 3))")"
is "more odd s1 s2" "$(listed)"
is 1 "$(field more 7)"
SPARE=0 config 'server wrong' >"$T/a.cfg"
match 'needs a reload, and that failed: .*server' "$(said "add server site/most 127.0.0.1:$((P + 3))")"
is "more odd s1 s2" "$(listed)"
config "server s2 127.0.0.1:$((P + 2)) weight 1" >"$T/a.cfg"

t "so does a TLS context that does not exist yet; a wrong one is refused and nothing is left of it"
is "New server registered." "$(said "add server site/tls 127.0.0.1:$((P + 3)) ssl verify none")"
match 'needs a reload, and that failed' "$(said "add server site/bad 127.0.0.1:$((P + 3)) ssl ca-file $T/nosuch")"
reload
is "more odd s1 s2 tls" "$(listed)"
is "New server registered." "$(said "add server site/tls2 127.0.0.1:$((P + 3)) ssl verify none")"
