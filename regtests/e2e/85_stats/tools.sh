#!/usr/bin/env bash
# Tools that were written for HAProxy and know nothing of sluice, as Debian packages them.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) X=$(port) Y=$(port)
origin "$O" a
cat >"$T/c.cfg" <<EOC
global
  workers 2
  stats socket $T/sock level admin
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:$P
  stats enable
  stats uri /stats
  default_backend app
backend app
  server one 127.0.0.1:$O check inter 100ms
  server off 127.0.0.1:$O disabled
EOC
sluice_start "$T/c.cfg"
for _ in 1 2 3 4 5; do http -o /dev/null "http://127.0.0.1:$P/"; done
wait_for 10 eval 'echo "show stat" | socat - "UNIX-CONNECT:$T/sock" | grep -q "^app,one,.*,UP,"'

exported() { # port URI: the metrics of the exporter over that
	prometheus-haproxy-exporter --haproxy.scrape-uri="$2" --web.listen-address="127.0.0.1:$1" >"$T/exporter.$1" 2>&1 & PIDS+=($!)
	wait_for 20 http -o /dev/null "http://127.0.0.1:$1/metrics"
	http "http://127.0.0.1:$1/metrics" >"$T/metrics.$1"
}

t "prometheus-haproxy-exporter reads the runtime socket"
exported "$X" "unix:$T/sock"
match $'\nhaproxy_up 1\n' "$(cat "$T/metrics.$X")"
match $'\nhaproxy_exporter_csv_parse_failures_total 0\n' "$(cat "$T/metrics.$X")"
match $'\nhaproxy_server_up\{backend="app",server="one"\} 1\n' "$(cat "$T/metrics.$X")"
match $'\nhaproxy_server_sessions_total\{backend="app",server="one"\} 5\n' "$(cat "$T/metrics.$X")"

t "prometheus-haproxy-exporter reads the page's CSV"
exported "$Y" "http://127.0.0.1:$P/stats;csv"
match $'\nhaproxy_up 1\n' "$(cat "$T/metrics.$Y")"
match $'\nhaproxy_server_up\{backend="app",server="off"\} 0\n' "$(cat "$T/metrics.$Y")"

t "hatop shows the servers, and its keys put one into maintenance"
TMUX_TMPDIR=$T; export TMUX_TMPDIR; unset TMUX
tmux -f /dev/null new-session -d -x 150 -y 40 "hatop -s '$T/sock' 2>'$T/hatop.err'"
screen() { tmux capture-pane -p >"$T/screen" && grep -q "$1" "$T/screen"; }
wait_for 20 screen 'one .*UP' || fail "hatop: $(cat "$T/screen" "$T/hatop.err")"
match "Node: $(uname -n)" "$(cat "$T/screen")"
down_to_one() { tmux send-keys Down; tmux send-keys F10; grep -q '^app,one,.*,MAINT,' <<<"$(echo "show stat" | socat - "UNIX-CONNECT:$T/sock")"; }
wait_for 20 down_to_one || fail "F10 did nothing: $(cat "$T/screen")"
tmux kill-server
