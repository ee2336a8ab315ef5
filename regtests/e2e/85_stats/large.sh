#!/usr/bin/env bash
# A configuration of ten thousand servers: the page comes in pieces, holds up nobody and holds no memory.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port)
cat >"$T/c.cfg" <<EOC
global
  workers 1
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 5s
frontend web
  bind 127.0.0.1:$P
  stats uri /stats
  http-request use-service prometheus-exporter if { path /metrics }
  http-request return status 204 if { path /quick }
$(for b in $(seq 20); do
	echo "backend b$b"
	for s in $(seq 500); do echo "  server s$s 127.0.0.1:9"; done
done)
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
WORKER=$(kids worker)
rss() { awk '/VmRSS/{print $2}' "/proc/$WORKER/status"; }

t "every server is in the page once, and in the other forms"
is 10000 "$(http "$U/stats" | grep -o '<tr data-k="s[0-9]* ' | wc -l)"
http "$U/stats;csv" >"$T/csv"
is 10000 "$(awk -F, '$33==2' "$T/csv" | wc -l)"
is 10000 "$(awk -F, '$33==2{print $1 "/" $2}' "$T/csv" | sort -u | wc -l)"
is 10000 "$(http "$U/metrics?scope=server" | grep -c '^haproxy_server_weight{')"

t "other requests are answered while it is made"
http -o /dev/null --limit-rate 3M "$U/stats" &
READER=$!
n=0
while kill -0 $READER 2>/dev/null && [ $n -lt 40 ]; do is 204 "$(code "$U/quick")"; n=$((n + 1)); done
wait $READER
[ $n -ge 5 ] || fail "only $n answers meanwhile"

t "readers that stop cost a buffer each, not the page"
before=$(rss)
for i in $(seq 20); do
	exec {fd}<>"/dev/tcp/127.0.0.1/$P"
	printf 'GET /stats HTTP/1.1\r\nHost: x\r\n\r\n' >&"$fd"
	FDS[i]=$fd
done
wait_for 5 eval '[ "$(http "$U/stats;csv" | awk -F, "\$1==\"web\"{print \$5}")" -ge 20 ]'
for _ in $(seq 20); do is 204 "$(code "$U/quick")"; done
grown=$(($(rss) - before))
[ $grown -lt 8192 ] || fail "the worker grew by $grown kB"
for fd in "${FDS[@]}"; do exec {fd}>&-; done

t "a reader that leaves in the middle leaves nothing behind"
timeout 0.3 curl -s --limit-rate 100K -o /dev/null "$U/stats" || true
wait_for 5 eval '[ "$(http "$U/stats;csv" | awk -F, "\$1==\"web\"{print \$5}")" = 1 ]'
