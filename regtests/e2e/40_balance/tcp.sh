#!/usr/bin/env bash
# The same algorithms in mode tcp: a session takes the place of a request.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port)
for n in a b c; do p=$(port); declare "${n^^}=$p"; origin "$p" $n -e; done
declare -A PORT
proxy() { # name lines
	PORT[$1]=$(port)
	printf 'listen %s\n  bind 127.0.0.1:%s\n  %s\n' "$1" "${PORT[$1]}" "${2//;/$'\n  '}" >>"$T/c.cfg"
	shift 2; local n=(a b c) i=0 p
	for o in "$@"; do p=${n[i]}; p=${p^^}; printf '  server %s 127.0.0.1:%s %s\n' "${n[i]}" "${!p}" "$o" >>"$T/c.cfg"; i=$((i + 1)); done
}
cat >"$T/c.cfg" <<E
global
  workers 2
defaults
  mode tcp
  timeout connect 20s
  timeout client 20s
  timeout server 20s
E
proxy rr "balance roundrobin" "" "weight 2" ""
proxy lc "balance leastconn" "" "" ""
proxy first "balance first" "maxconn 1" "maxconn 1" "maxconn 1"
proxy source "balance source" "" "" ""
proxy p2c "balance p2c" "" "" ""
proxy maglev "balance maglev src" "" "" ""
cat >>"$T/c.cfg" <<E
frontend state
  mode http
  bind 127.0.0.1:$S
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(lc/a)] %[srv_conn(lc/b)] %[srv_conn(lc/c)]\n" if { path /lc }
  http-request return status 200 content-type text/plain lf-string "%[srv_conn(first/a)] %[srv_conn(first/b)] %[srv_conn(first/c)] %[queue(first)]\n" if { path /first }
E
sluice_start "$T/c.cfg"
state_is() { [ "$(curl -s --max-time 30 "http://127.0.0.1:$S/$1")" = "$2" ]; }
who() { # proxy: opens a session that stays, its descriptor in fd, the server's name in name
	exec {fd}<>"/dev/tcp/127.0.0.1/${PORT[$1]}"
	echo WHO >&"$fd"
	name=; read -r -t 20 -u "$fd" name || true
}
names() { # proxy n: sessions one after another
	local i; for ((i = 0; i < $2; i++)); do who "$1"; echo "$name"; exec {fd}>&-; done
}
tally() { sort | uniq -c | awk '{printf "%s%s=%d", (NR > 1 ? " " : ""), $2, $1}'; }

t "roundrobin follows weights exactly over two workers"
is "a=10 b=20 c=10" "$(names rr 40 | tally)"
t "leastconn gives each session to the emptiest server"
FDS=()
for i in 1 2 3 4 5 6; do who lc; FDS+=("$fd"); done
state_is lc "2 2 2" || fail "$(curl -s "http://127.0.0.1:$S/lc")"
for fd in "${FDS[@]}"; do exec {fd}>&-; done
wait_for 5 state_is lc "0 0 0"
t "a session echoes what it is told, whichever worker has it"
"$TOOLS/client" -4 -p "${PORT[lc]}" -c 8 -n 800
"$TOOLS/client" -4 -x -p "${PORT[p2c]}" -c 8 -n 800
t "p2c uses every server"
is 3 "$(names p2c 40 | sort -u | wc -l)"
t "source and maglev keep a client on its server"
is 1 "$(names source 8 | sort -u | wc -l)"
is 1 "$(names maglev 8 | sort -u | wc -l)"
t "first fills servers in their order"
FDS=(); got=
for i in 1 2 3; do who first; FDS+=("$fd"); got+="$name "; done
is "a b c " "$got"
t "a session beyond every maxconn waits and gets the slot that is freed"
exec {q}<>"/dev/tcp/127.0.0.1/${PORT[first]}"
echo WHO >&"$q"
wait_for 5 state_is first "1 1 1 1"
fd=${FDS[1]}; exec {fd}>&-
name=; read -r -t 20 -u "$q" name || true
is b "$name"
state_is first "1 1 1 0" || fail "$(curl -s "http://127.0.0.1:$S/first")"
