#!/usr/bin/env bash
# What the statistics say of connections to servers: used ones, idle ones, those fit for reuse by anybody, for both versions of HTTP.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port) M=$(port)
cat >"$T/cfg" <<E
global
  workers 1
  stats socket $T/sock level admin
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:$P
  use_backend h2 if { path_beg /h2 }
  default_backend h1
frontend metrics
  bind 127.0.0.1:$M
  http-request use-service prometheus-exporter
backend h1
  http-reuse always
  server s 127.0.0.1:$O pool-purge-delay 1h
backend h2
  http-request set-path %[path,regsub(^/h2,)]
  server s 127.0.0.1:$Q proto h2 pool-purge-delay 1h
frontend origin
  bind 127.0.0.1:$Q proto h2
  default_backend o
backend o
  server o 127.0.0.1:$O
E
origin "$O" one
sluice_start "$T/cfg"
cli() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }
stat() { cli "show stat" | awk -F, -v px="$1" '/^#/ { for (i = 1; i <= NF; i++) at[$i] = i } $1 == px && $2 == "s" { print $at["srv_icur"], $at["idle_conn_cur"], $at["safe_conn_cur"], $at["used_conn_cur"] }'; }
shows() { [ "$(stat "$1")" = "$2" ]; }
expect() { wait_for 5 shows "$1" "$2" || fail "$1: '$(stat "$1")' instead of '$2' (all, used once, safe, used)"; }
hold() { http "http://127.0.0.1:$P$1/hold/$2" >"$T/null" & PIDS+=($!); }

t "an idle connection that carried one request is idle, one that carried more is safe"
expect h1 "0 0 0 0"
http "http://127.0.0.1:$P/" >"$T/null"
expect h1 "1 1 0 0"
http "http://127.0.0.1:$P/" "http://127.0.0.1:$P/" >"$T/null"
expect h1 "1 0 1 0"
t "connections that carry requests are used"
hold "" a; hold "" b
expect h1 "0 0 0 2"
touch "$T/a" "$T/b"
expect h1 "2 1 1 0"
t "an HTTP/2 connection counts once, however many requests it carries"
expect h2 "0 0 0 0"
http "http://127.0.0.1:$P/h2/" >"$T/null"
expect h2 "1 1 0 0"
hold /h2 c; hold /h2 d; hold /h2 e
expect h2 "0 0 0 1"
touch "$T/c" "$T/d" "$T/e"
expect h2 "1 0 1 0"
t "show servers conn and the exporter say the same"
match 'h1/s [0-9]+/[0-9]+ .* 1 1 -1 2 2' "$(cli "show servers conn h1" | tail -n 2 | xargs)"
m=$(http "http://127.0.0.1:$M/metrics")
match 'haproxy_server_unsafe_idle_connections_current\{proxy="h1",server="s"\} 1' "$m"
match 'haproxy_server_safe_idle_connections_current\{proxy="h2",server="s"\} 1' "$m"
match 'haproxy_server_idle_connections_current\{proxy="h1",server="s"\} 2' "$m"
t "a worker that dies takes its idle connections with it"
kill -9 "$(kids worker)"
expect h1 "0 0 0 0"
