#!/usr/bin/env bash
# Every word of `balance`, through HTTP, over two workers: what is exact is counted, what is random is bounded.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) S=$(port)
for n in a b c d; do p=$(port); declare "${n^^}=$p"; origin "$p" $n; done
be() { # name "lines" "a's options" b c d: a backend with the servers that are not "-"
	local i=0 n v
	printf 'backend %s\n' "$1"; printf '  %s\n' "${2//;/$'\n  '}"; shift 2
	for n in a b c d; do
		i=$((i + 1)); v=${!i--}; [ "$v" = - ] || { n=${n^^}; printf '  server %s 127.0.0.1:%s %s\n' "${n,,}" "${!n}" "$v"; }
	done
}
cat >"$T/c.cfg" <<E
global
  workers 2
defaults
  mode http
  timeout connect 20s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:$P
  use_backend %[req.hdr(x-be)]
frontend state
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(leastconn/a)] %[srv_conn(leastconn/b)] %[srv_conn(leastconn/c)]\n" if { path /leastconn }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(lcw/a)] %[srv_conn(lcw/b)]\n" if { path /lcw }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(p2c2/a)] %[srv_conn(p2c2/b)]\n" if { path /p2c2 }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(first/a)] %[srv_conn(first/b)] %[srv_conn(first/c)]\n" if { path /first }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(bounded/a)] %[srv_conn(bounded/b)] %[srv_conn(bounded/c)] %[srv_conn(bounded/d)]\n" if { path /bounded }
$(be rr "balance roundrobin" "" "" "" -)
$(be rrw "balance roundrobin" "weight 1" "weight 2" "weight 5" -)
$(be srr "balance static-rr" "weight 1" "weight 3" "" -)
$(be leastconn "balance leastconn" "" "" "" -)
$(be lcw "balance leastconn" "weight 1" "weight 3" - -)
$(be p2c "balance p2c" "" "" "" -)
$(be p2c2 "balance p2c" "" "" - -)
$(be default "no log" "" "" "" -)
$(be random "balance random" "" "" "" -)
$(be randomw "balance random(1)" "weight 10" "weight 30" - -)
$(be ewma "balance ewma" "" "" "" -)
$(be first "balance first" "maxconn 2" "maxconn 2" "maxconn 2" -)
$(be source "balance source" "" "" "" "")
$(be uri "balance uri" "" "" "" "")
$(be uri-1 "balance uri" "" "" "disabled" "")
$(be uric "balance uri;hash-type consistent" "" "" "" "")
$(be uric-1 "balance uri;hash-type consistent" "" "" "disabled" "")
$(be maglev "balance maglev uri" "" "" "" "")
$(be maglev-1 "balance maglev uri" "" "" "disabled" "")
$(be urilen "balance uri len 4" "" "" "" "")
$(be uridepth "balance uri depth 2" "" "" "" "")
$(be uriwhole "balance uri whole" "" "" "" "")
$(be uripath "balance uri path-only" "" "" "" "")
$(be param "balance url_param id" "" "" "" "")
$(be hdr "balance hdr(x-user)" "" "" "" "")
$(be hash "balance hash req.hdr(x-user),lower" "" "" "" "")
$(be bounded "balance uri;hash-type consistent;hash-balance-factor 125" "" "" "" "")
E
sluice_start "$T/c.cfg"
names() { # backend n [curl args]: who answers each of n requests, a new connection for each
	local be=$1 n=$2; shift 2
	curl -s --max-time 30 -H "X-Be: $be" -H 'Connection: close' "$@" "http://127.0.0.1:$P/n[1-$n]"
}
one() { local be=$1 u=$2; shift 2; curl -s --max-time 30 -H "X-Be: $be" "$@" "http://127.0.0.1:$P$u"; }
tally() { sort | uniq -c | awk '{printf "%s%s=%d", (NR > 1 ? " " : ""), $2, $1}'; }
between() { # "a b c" min max TALLY: each has from min to max
	local n v; for n in $1; do
		v=$(grep -oE "\b$n=[0-9]+" <<<"$4" | cut -d= -f2); [ -n "$v" ] || fail "$n got nothing: $4"
		{ [ "$v" -ge "$2" ] && [ "$v" -le "$3" ]; } || fail "$n is outside $2..$3: $4"
	done
}
state_is() { [ "$(curl -s --max-time 30 "http://127.0.0.1:$S/$1")" = "$2" ]; }
hold() { # backend n [path]: opens n requests that stay, one after another so that each sees those before it
	local i; for ((i = 0; i < $2; i++)); do
		curl -s --max-time 30 -o /dev/null -H "X-Be: $1" "http://127.0.0.1:$P/hold/go.$1" & PIDS+=($!)
		held=$((held + 1))
		wait_for 5 in_flight "$1" $held
	done
}
in_flight() { [ "$(curl -s "http://127.0.0.1:$S/$1" | awk '{for (i = 1; i <= NF; i++) s += $i; print s}')" = "$2" ]; }
moved() { # before after: how many of the keys that were not on c are elsewhere now
	paste -d' ' <(tr ' ' '\n' <<<"$1") <(tr ' ' '\n' <<<"$2") | awk '$1 != "c" && $1 != $2' | wc -l
}
list() { xargs; }

t "roundrobin is exact over workers: 30 requests, 10 each"
is "a=10 b=10 c=10" "$(names rr 30 | tally)"
t "roundrobin keeps its turn between connections"
x=$(names rr 3 | sort | list); is "a b c" "$x"
t "roundrobin follows weights exactly: 1 2 5"
is "a=10 b=20 c=50" "$(names rrw 80 | tally)"
t "roundrobin spreads a heavy server over the round"
seq=$(names rrw 8 | list); nomatch "c c c c c" "$seq $seq"
t "static-rr follows weights exactly"
is "a=10 b=30 c=10" "$(names srr 50 | tally)"

t "leastconn gives each held request to the emptiest server"
held=0; hold leastconn 6
state_is leastconn "2 2 2" || fail "$(curl -s "http://127.0.0.1:$S/leastconn")"
t "leastconn goes where requests end"
: >"$T/go.leastconn"
wait_for 5 state_is leastconn "0 0 0"
t "leastconn divides by the weight"
held=0; hold lcw 8
wait_for 5 state_is lcw "2 6" || fail "$(curl -s "http://127.0.0.1:$S/lcw")"
: >"$T/go.lcw"
t "p2c of two servers is exact: held requests alternate"
held=0; hold p2c2 6
wait_for 5 state_is p2c2 "3 3" || fail "$(curl -s "http://127.0.0.1:$S/p2c2")"
: >"$T/go.p2c2"
t "p2c, random and no word at all use every server about equally"
for w in p2c random default; do between "a b c" 40 170 "$(names $w 300 | tally)"; done
t "ewma tries every server"
between "a b c" 1 298 "$(names ewma 300 | tally)"
t "random(1) draws by weight"
between a 40 120 "$(names randomw 320 | tally)"

t "first fills servers in their order up to maxconn"
is "a=5" "$(names first 5 | tally)"
held=0; hold first 2; state_is first "2 0 0" || fail "$(curl -s "http://127.0.0.1:$S/first")"
is "b=5" "$(names first 5 | tally)"
hold first 2; state_is first "2 2 0" || fail "$(curl -s "http://127.0.0.1:$S/first")"
is "c=3" "$(names first 3 | tally)"
: >"$T/go.first"

t "source keeps a client on its server and spreads clients"
for i in 2 3; do is 1 "$(names source 6 --interface 127.0.0.$i | sort -u | wc -l)"; done
n=$(for i in $(seq 10 33); do one source / --interface 127.0.0.$i; done | sort -u | wc -l)
[ "$n" -ge 3 ] || fail "24 clients on $n servers"
t "uri, consistent uri and maglev give the same answer every time, from every worker"
for w in uri uric maglev; do
	x=$(names $w 64 | list); is "$x" "$(names $w 64 | list)"
	between "a b c d" 4 36 "$(tr ' ' '\n' <<<"$x" | tally)"
done
t "a lost server moves nothing else with hash-type consistent"
y=$(names uric-1 64 | list); nomatch c "$y"
is 0 "$(moved "$(names uric 64 | list)" "$y")"
t "a lost server moves next to nothing else with maglev"
y=$(names maglev-1 64 | list); nomatch c "$y"
x=$(moved "$(names maglev 64 | list)" "$y"); [ "$x" -le 4 ] || fail "$x of 64 keys moved"
t "a lost server moves most keys when the hash is map-based"
x=$(moved "$(names uri 64 | list)" "$(names uri-1 64 | list)"); [ "$x" -ge 10 ] || fail "only $x of 64 keys moved"
t "uri ignores the query, whole counts it"
is 1 "$(one uri "/x?[1-12]" | sort -u | wc -l)"
[ "$(one uriwhole "/x?[1-12]" | sort -u | wc -l)" -gt 1 ] || fail "whole ignores the query"
t "uri path-only ignores scheme and authority of an absolute target"
is "$(one uripath /pp)" "$(printf 'GET http://other.example/pp HTTP/1.1\r\nHost: other.example\r\nX-Be: uripath\r\nConnection: close\r\n\r\n' | raw "$P" | tail -n 1)"
t "uri len looks at the first bytes only"
is 1 "$(one urilen "/abc[1-12]" | sort -u | wc -l)"
[ "$(one urilen "/[100-111]" | sort -u | wc -l)" -gt 1 ] || fail "len is not 4"
t "uri depth looks at the first directories only"
is 1 "$(one uridepth "/a/b/[1-12]" | sort -u | wc -l)"
[ "$(one uridepth "/a/[1-12]/x" | sort -u | wc -l)" -gt 1 ] || fail "depth is not 2"
t "url_param hashes the parameter, and is round robin without it"
is 1 "$(one param "/[1-12]?z=&id=7" | sort -u | wc -l)"
is "a=3 b=3 c=3 d=3" "$(names param 12 | tally)"
t "hdr hashes the header, and is round robin without it"
is 1 "$(names hdr 12 -H 'X-User: joe' | sort -u | wc -l)"
is "a=3 b=3 c=3 d=3" "$(names hdr 12 | tally)"
t "hash takes any expression"
is "$(one hash / -H 'X-User: joe')" "$(one hash /other -H 'X-User: JOE')"
[ "$(for i in $(seq 16); do one hash / -H "X-User: u$i"; done | sort -u | wc -l)" -ge 2 ] || fail "one server for all"
t "hash-balance-factor bounds the load of a hot key: 8 held, none above ceil(1.25 x 9 / 4)"
held=0; hold bounded 8
x=$(curl -s "http://127.0.0.1:$S/bounded"); nomatch "[4-9]" "$x"
: >"$T/go.bounded"
t "an unknown name of a backend is 503"
is 503 "$(code -H 'X-Be: nope' "http://127.0.0.1:$P/")"
t "everything that was held is given back"
for w in leastconn first; do wait_for 5 state_is $w "0 0 0"; done
wait_for 5 state_is bounded "0 0 0 0"
