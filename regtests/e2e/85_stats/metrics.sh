#!/usr/bin/env bash
# Metrics for Prometheus: the grammar of the text format, and figures that add up.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" a
cat >"$T/c.cfg" <<EOC
global
  workers 3
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:$P
  option socket-stats
  http-request use-service prometheus-exporter if { path /metrics }
  http-request deny if { path /no }
  default_backend app
backend app
  server a 127.0.0.1:$O check
  server off 127.0.0.1:$O disabled
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
metric() { http "$U/metrics" | awk -v m="$1" 'index($0, m " ") == 1 {print $NF}'; }

# Prometheus' text format 0.0.4: names, labels, one HELP and TYPE before the samples of a metric, no metric twice, histograms complete.
grammar() {
	awk '
	function bad(why) { print "line " NR ": " why ": " $0; exit 1 }
	/^# HELP [a-zA-Z_:][a-zA-Z0-9_:]* ./ { if (helped[$3]++) bad("second HELP"); next }
	/^# TYPE [a-zA-Z_:][a-zA-Z0-9_:]* (counter|gauge|histogram)$/ { if (type[$3]) bad("second TYPE"); if (!helped[$3]) bad("no HELP"); type[$3] = $4; cur = $3; next }
	/^#/ || /^$/ { bad("neither sample nor head") }
	{
		if (!match($0, /^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*"(,[a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*")*\})? (-?[0-9]+(\.[0-9]+)?|NaN)$/)) bad("not a sample")
		series = $0; sub(/ [^ ]*$/, "", series)
		if (seen[series]++) bad("sample twice")
		name = series; sub(/\{.*/, "", name)
		if (type[cur] == "histogram") { if (name !~ "^" cur "_(bucket|sum|count)$") bad("not of " cur) }
		else if (name != cur) bad("not under its TYPE")
		if (type[cur] == "counter" && $NF < 0) bad("a counter below 0")
		n++
	}
	END { if (n < 100) { print "only " n " samples"; exit 1 } }' "$1"
}

t "the answer keeps to the text format"
http -D "$T/head" "$U/metrics" >"$T/m"
match 'text/plain; version=0\.0\.4' "$(cat "$T/head")"
grammar "$T/m" || fail "grammar"
! printf '# TYPE x counter\nx 1\n' | grammar /dev/stdin >/dev/null || fail "the grammar check takes anything"
# promtool finds fault with names that HAProxy's exporter chose, so only what does not parse counts
if command -v promtool >/dev/null; then
	! promtool check metrics <"$T/m" 2>&1 | grep -i 'error while linting\|parse' || fail promtool
fi

t "requests over all workers are counted once each, under both kinds of names"
for _ in $(seq 40); do http -o /dev/null "$U/"; done
for _ in 1 2 3; do is 403 "$(code "$U/no")"; done
is 40 "$(metric 'haproxy_backend_http_responses_total{proxy="app",code="2xx"}')"
is 40 "$(metric 'sluice_backend_hrsp_2xx_total{proxy="app"}')"
is 40 "$(metric 'haproxy_server_sessions_total{proxy="app",server="a"}')"
is 3 "$(metric 'haproxy_frontend_requests_denied_total{proxy="web"}')"
is 40 "$(metric 'sluice_backend_total_seconds_count{proxy="app"}')"
is 40 "$(metric 'sluice_backend_response_seconds_bucket{proxy="app",le="+Inf"}')"

t "states are gauges, one of them 1"
wait_for 5 eval '[ "$(metric "haproxy_server_check_status{proxy=\"app\",server=\"a\",state=\"L4OK\"}")" = 1 ]'
is 1 "$(metric 'haproxy_server_status{proxy="app",server="off",state="MAINT"}')"
is 0 "$(metric 'haproxy_server_status{proxy="app",server="off",state="UP"}')"
is 1 "$(metric 'haproxy_backend_agg_server_status{proxy="app",state="UP"}')"

t "scopes and no-maint narrow the answer"
is "haproxy_frontend" "$(http "$U/metrics?scope=frontend" | grep -o '^[a-z]*_[a-z]*' | sort -u)"
is "haproxy_process haproxy_server" "$(http "$U/metrics?scope=global&scope=server" | grep -o '^[a-z]*_[a-z]*' | sort -u | xargs)"
nomatch 'server="off"' "$(http "$U/metrics?no-maint")"
is "" "$(http "$U/metrics?scope=")"
is 400 "$(code "$U/metrics?scope=nosuch")"
is 405 "$(code -d x "$U/metrics")"

t "names and types are those of HAProxy's exporter"
if command -v haproxy >/dev/null && haproxy -vv | grep -q '+PROMEX\|Prometheus'; then
	H=$(port)
	sed -e '/workers/d' -e "s/bind 127.0.0.1:$P/bind 127.0.0.1:$H/" "$T/c.cfg" >"$T/h.cfg"
	haproxy -f "$T/h.cfg" -db >/dev/null 2>&1 &
	PIDS+=($!)
	wait_for 5 listening "$H"
	http "http://127.0.0.1:$H/metrics" | grep '^# TYPE' | sort >"$T/theirs"
	http "$U/metrics" | grep '^# TYPE haproxy' | sort >"$T/ours"
	is "" "$(comm -23 "$T/theirs" "$T/ours")"
fi
