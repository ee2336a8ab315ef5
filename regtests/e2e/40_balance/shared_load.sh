#!/usr/bin/env bash
# Load is one fact: four workers that each see a quarter of the traffic choose as one.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port) SLOW=$(port)
printf 'head\nhold go.slow\nsend "HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok"\n' >"$T/slow.txt"
origin "$SLOW" slow -s "$T/slow.txt"
for n in a b c d; do p=$(port); declare "${n^^}=$p"; origin "$p" $n; done
declare -A PORT
cat >"$T/c.cfg" <<E
global
  workers 4
defaults
  mode http
  timeout connect 20s
  timeout client 20s
  timeout server 20s
E
W=(roundrobin leastconn p2c ewma random first)
for w in "${W[@]}"; do
	PORT[$w]=$(port)
	m=; [ $w != first ] || m="maxconn 10"
	cat >>"$T/c.cfg" <<-E
	listen $w
	  bind 127.0.0.1:${PORT[$w]}
	  balance $w
	  option http-server-close
	  server a 127.0.0.1:$A $m
	  server b 127.0.0.1:$B $m
	  server c 127.0.0.1:$C $m
	  server d 127.0.0.1:$D $m
	E
done
for w in leastconn p2c ewma; do
	PORT[slow-$w]=$(port)
	cat >>"$T/c.cfg" <<-E
	listen slow-$w
	  bind 127.0.0.1:${PORT[slow-$w]}
	  balance $w
		  server a 127.0.0.1:$SLOW
	  server b 127.0.0.1:$B
	  server c 127.0.0.1:$C
	  server d 127.0.0.1:$D
	E
done
{
	echo "frontend state"; echo "  bind 127.0.0.1:$S"
	for w in "${W[@]}"; do
		echo "  http-request return status 200 content-type text/plain lf-string \"%[srv_conn($w/a)] %[srv_conn($w/b)] %[srv_conn($w/c)] %[srv_conn($w/d)]\\n\" if { path /$w }"
	done
} >>"$T/c.cfg"
sluice_start "$T/c.cfg"
state() { curl -s --max-time 30 "http://127.0.0.1:$S/$1"; }
sum_is() { [ "$(state "$1" | awk '{print $1 + $2 + $3 + $4}')" = "$2" ]; }
burst() { # word n path: n requests at once over all workers; prints the requests in flight of each server
	local w=$1 n=$2
	"$TOOLS/client" -x -p "${PORT[$w]}" -c "$n" -n "$n" -u "/hold/$w" -t 20000 >"$T/load.$w" & PIDS+=($!)
	wait_for 10 sum_is "$w" "$n" || fail "$w: $(state "$w")"
	state "$w"
}
spread() { awk '{min = max = $1; for (i = 2; i <= 4; i++) {if ($i < min) min = $i; if ($i > max) max = $i} print max - min}' <<<"$1"; }

t "roundrobin over four workers is exact"
is "10 10 10 10" "$(burst roundrobin 40)"
t "leastconn over four workers: 40 at once, no server has more than two above another"
x=$(burst leastconn 40); [ "$(spread "$x")" -le 2 ] || fail "$x"
t "p2c over four workers: no server is far above another"
x=$(burst p2c 40); [ "$(spread "$x")" -le 4 ] || fail "$x"
t "random(2) over four workers: no server is far above another"
x=$(burst random 160); [ "$(spread "$x")" -le 9 ] || fail "$x" # both draws may name the same: 5 is exceeded once in 200 runs
t "first over four workers fills to the limit of all together, not of each"
x=$(burst first 25); is "10 10 5 0" "$x"
t "what is held ends, and every row is zero"
for w in "${W[@]}"; do : >"$T/$w"; done
for w in "${W[@]}"; do wait_for 5 sum_is "$w" 0 || fail "$w: $(state "$w")"; done
for w in leastconn p2c first; do wait_for 5 grep -q 'refused=0 reset=0 eof=0 timeout=0 status=0 mismatch=0' "$T/load.$w"; done

t "leastconn, p2c and ewma send little to a slow server: it keeps some of 12 clients, the others get nearly all through"
paced() { cat "$T"/origin.[bcd].log | grep -c pace || true; }
most_are_done() { [ $(($(paced) - before)) -ge 588 ]; }
for w in leastconn p2c ewma; do
	rm -f "$T/go.slow"; before=$(paced) slow=$(grep -c pace "$T/origin.slow.log" || true)
	"$TOOLS/client" -p "${PORT[slow-$w]}" -s -c 12 -n 600 -u /pace -t 60000 & C=$!
	wait_for 15 most_are_done || fail "$w: $(($(paced) - before)) of 600 from the fast ones"
	n=$(($(grep -c pace "$T/origin.slow.log") - slow))
	{ [ $n -ge 1 ] && [ $n -le 8 ]; } || fail "$w: the slow one has $n"
	: >"$T/go.slow"; wait $C
done
