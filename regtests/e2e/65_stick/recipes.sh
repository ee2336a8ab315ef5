#!/usr/bin/env bash
# examples/ratelimit.cfg does what its comments say.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) A=$(port) B=$(port) S=$(port)
# Rates over ten minutes instead of ten seconds, so that the pace of the machine does not matter; the tarpit is short.
sed "s/127.0.0.1:8080/127.0.0.1:$P/; s/:18081/:$A/; s/:18082/:$B/; s/rate(10s)/rate(10m)/g; s/tarpit 5s/tarpit 300ms/; s/^global/global\n    workers 4\n    stats socket $(sed 's/[/]/\\&/g' <<<"$T")\/sock level operator/" \
	"$ROOT/examples/ratelimit.cfg" >"$T/c.cfg"
origin "$A" a
origin "$B" b
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/sock" | sed '/^$/d'; }
codes() { sort | uniq -c | awk '{ print $2 "=" $1 }' | xargs; }
many() { # n path [curl arguments]: connections of their own, over all workers
	local n=$1 path=$2; shift 2
	curl -sZ --no-progress-meter --parallel-max 6 -H 'Connection: close' -o /dev/null -w '%{http_code}\n' "$@" "$U$path?[1-$n]" | codes
}

t "five failed logins, then no more; who logs in is not counted"
origin_says() { http -o /dev/null -w '%{http_code}' -X POST -d x "$U$1"; }
sed -i 's/^backend site/&\n    http-request set-path \/status\/%[hdr(x-answer)] if { hdr(x-answer) -m found }/' "$T/c.cfg"
kill -HUP "$MASTER"
wait_for 20 grep -q "Generation 2 accepts" "$T/sluice.err"
login() { code -X POST -d x -H "X-Answer: $1" "$U/login"; }
is "200 200 200" "$(login 200) $(login 200) $(login 200)"
is "401 401 401 403 401" "$(login 401) $(login 401) $(login 401) $(login 403) $(login 401)"
is 429 "$(login 200)"
is 200 "$(code "$U/login")"
is 200 "$(code "$U/other")"
match "gpc0=5 " "$(ask "show table logins")"

t "twenty requests with a key, whoever sends them; another key has its own"
is "200=20 429=5" "$(many 25 /api/x -H 'X-API-Key: k1')"
is 200 "$(code -H 'X-API-Key: k2' "$U/api/x")"
is 200 "$(code "$U/api/x")"

t "a hundred requests of an address, then 429 with the time to wait"
ask "set table web key ::ffff:127.0.0.1 data.http_req_rate 0" >/dev/null
is "200=100 429=20" "$(many 120 /x)"
match "Retry-After: 10" "$(http -i "$U/x" | tr -d '\r' | sed 's/^retry-after/Retry-After/')"

t "who does not stop is held up"
ask "set table web key ::ffff:127.0.0.1 data.http_req_rate 300" >/dev/null
from=$(date +%s%N)
is 429 "$(code "$U/x")"
[ $(($(date +%s%N) - from)) -ge 290000000 ] || fail "it was not held"

t "fifty connections of an address, the next is closed; and one more when one has gone"
ask "clear table web" >/dev/null
ask "set table web key ::ffff:127.0.0.1 data.http_req_rate 0" >/dev/null
open() { ask "show table web key ::ffff:127.0.0.1" | sed -n 's/.*conn_cur=\([0-9]*\).*/\1/p'; }
open_is() { [ "$(open)" = "$1" ]; }
wait_for 10 open_is 0
for i in $(seq 100 149); do eval "exec $i<>/dev/tcp/127.0.0.1/$P"; done
wait_for 10 open_is 50
is 000 "$(code "$U/x")"
wait_for 10 open_is 50
exec 100>&-
wait_for 10 open_is 49
is 200 "$(code "$U/x")"
