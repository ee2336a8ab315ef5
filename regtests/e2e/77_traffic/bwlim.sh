#!/usr/bin/env bash
# Bandwidth limits: filter bwlim-in and bwlim-out, set-bandwidth-limit. A transfer of more than one period's share takes bytes / limit
# periods, never less; the upper bounds only say that it ends.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) L=$(port) H=$(port) O=$(port) E=$(port) N=$(port)
cat >"$T/c.cfg" <<-EOF
global
    workers 2
defaults
    mode http
    timeout client 10s
    timeout server 400ms
    timeout connect 2s
frontend web
    bind 127.0.0.1:$P
    bind 127.0.0.1:$H proto h2
    filter bwlim-out down default-limit 20k default-period 200ms
    filter bwlim-in up default-limit 20k default-period 200ms min-size 1k
    filter bwlim-out slow default-limit 10k default-period 1s
    filter bwlim-out all limit 20k key path table shared
    http-request set-bandwidth-limit down if { hdr(x-limit) down }
    http-request set-bandwidth-limit up if { hdr(x-limit) up }
    http-request set-bandwidth-limit slow if { hdr(x-limit) slow }
    http-request set-bandwidth-limit down limit 40k period 200ms if { hdr(x-limit) other }
    http-request set-bandwidth-limit down limit hdr(x-to) period int(200) if { hdr(x-limit) expr }
    http-request set-var(txn.all) int(1) if { hdr(x-limit) all }
    http-response set-bandwidth-limit all if { var(txn.all) -m found }
    use_backend big if { hdr(x-limit) slow }
    default_backend origin
backend shared
    stick-table type string len 64 size 100 expire 1m store bytes_out_rate(200ms)
backend origin
    filter bwlim-out late default-limit 20k default-period 200ms
    http-response set-bandwidth-limit late if { res.hdr(x-id) late }
    server a 127.0.0.1:$O
backend big
    server n 127.0.0.1:$N
listen echo
    mode tcp
    bind 127.0.0.1:$L
    filter bwlim-in in default-limit 20k default-period 200ms
    filter bwlim-out out default-limit 200k default-period 200ms
    tcp-request content set-bandwidth-limit in
    tcp-request content set-bandwidth-limit out
    server e 127.0.0.1:$E
EOF
origin "$O" o
origin "$E" e -e
nginx_origin "$N" big
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
# took AT_LEAST_MS CMD…: runs it in the background; all_took waits for all and says which was too fast or took more than 8 s longer.
RUN=()
took() {
	local least=$1 from to; shift
	(
		trap - EXIT
		now_us; from=$NOW; "$@" || fail "$*"; now_us; to=$NOW
		[ $((to - from)) -ge $((least * 1000)) ] || fail "$* took $(((to - from) / 1000)) ms, not $least"
		[ $((to - from)) -le $((least * 1000 + 8000000)) ] || fail "$* took $(((to - from) / 1000)) ms"
	) & RUN+=($!)
}
all_took() { local p; for p in "${RUN[@]}"; do wait "$p" || exit 1; done; RUN=(); }
got() { [ "$(http "$@" | md5sum)" = "$SUM" ]; }
body() { head -c "$1" /dev/zero; }
sent() { local n=$1; shift; [ "$(body "$n" | http --data-binary @- "$@" | md5sum)" = "$(body "$n" | md5sum)" ]; }

t "a download, framed by length or chunks, over HTTP/1 or HTTP/2, goes at the pace of its limit and is complete"
SUM=$(http "$U/size/100000" | md5sum)
took 940 got -H 'X-Limit: down' "$U/size/100000"
took 940 got --http2-prior-knowledge -H 'X-Limit: down' "http://127.0.0.1:$H/size/100000"
took 940 got -H 'X-Id: late' "$U/size/100000"
all_took
SUM=$(http "$U/chunked/100/1000" | md5sum)
took 940 got -H 'X-Limit: down' "$U/chunked/100/1000"
took 940 got --http2-prior-knowledge -H 'X-Limit: down' "http://127.0.0.1:$H/chunked/100/1000"
t "an upload does, whether its length is known or not, and one that fits into a buffer"
took 940 sent 100000 -H 'X-Limit: up' "$U/echo"
took 940 sent 100000 -H 'X-Limit: up' -H 'Transfer-Encoding: chunked' "$U/echo"
took 940 sent 100000 --http2-prior-knowledge -H 'X-Limit: up' "http://127.0.0.1:$H/echo"
all_took
sed -i 's/bwlim-in up default-limit 20k/bwlim-in up default-limit 2k/; s/min-size 1k/min-size 500/' "$T/c.cfg"
kill -HUP "$MASTER"
wait_for 20 grep -q "Generation 2 accepts" "$T/sluice.err"
took 560 sent 6000 -H 'X-Limit: up' "$U/echo"

t "a rule may give another limit and period, also by expressions"
SUM=$(http "$U/size/100000" | md5sum)
took 460 got -H 'X-Limit: other' "$U/size/100000"
took 1500 got -H 'X-Limit: expr' -H 'X-To: 13000' "$U/size/100000"
all_took

t "exchanges with one key share one limit, over all workers; another key has its own"
one() { http -o /dev/null -H 'X-Limit: all' "$U/size/$1?[1-5]" -Z --no-progress-meter; }
took 940 one 20000
took 460 one 10000
all_took

t "in mode tcp each direction has its limit"
through() { [ "$(body 100000 | socat -t 10 - "TCP:127.0.0.1:$L" | wc -c)" = 100000 ]; }
took 940 through
all_took

t "what may not pass is not read: the sender is held up, and nobody's timeout counts meanwhile"
(trap - EXIT; http -o "$T/big" -H 'X-Limit: slow' --max-time 2.5 "$U/big" 2>/dev/null || true) & SLOW=$!
waits() { awk -v p="$(printf ':%04X' "$N")" '$3 ~ p"$" { split($5, q, ":"); if (q[2] != "00000000") f = 1 } END { exit !f }' /proc/net/tcp; }
wait_for 5 waits
t "... and it costs no processor time"
cpu() { local p n=0; for p in $(kids worker); do n=$((n + $(awk '{ print $14 + $15 }' "/proc/$p/stat"))); done; echo $n; }
before=$(cpu)
wait "$SLOW" || true
[ $(($(cpu) - before)) -lt 40 ] || fail "$(($(cpu) - before)) ticks"
[ "$(wc -c <"$T/big")" -ge 10240 ] || fail "only $(wc -c <"$T/big")"
[ "$(wc -c <"$T/big")" -le 46000 ] || fail "$(wc -c <"$T/big") in 2.5 s"
