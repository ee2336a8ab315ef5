#!/usr/bin/env bash
# Tables on the runtime socket: looking, filtering, setting, removing, in HAProxy's words.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) H=$(port) O=$(port)
origin "$O" a
cat >"$T/c.cfg" <<EOC
global
  nbthread 2
  stats socket $T/sock level operator
  stats socket $T/user level user
defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:$P
  stick-table type ip size 1k expire 60s store conn_cnt,conn_cur,http_req_rate(10s),gpc0,gpt0
  http-request track-sc0 src
  http-request deny if { sc0_get_gpt0 gt 0 }
  default_backend k
backend k
  stick-table type string len 20 size 100 store gpc(3),gpt(2),gpc_rate(2,10s)
  stick on url_param(u)
  server a 127.0.0.1:$O
backend b
  stick-table type binary len 4 size 10
backend i
  stick-table type integer size 2 nopurge
EOC
sluice_start "$T/c.cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/sock" | sed '/^$/d'; }
entries() { ask "$1" | grep -c '^0x' || true; }

t "all tables, and one with what it has"
is "# table: f, type: ip, size:1024, used:0" "$(ask "show table" | sed -n 1p)"
is 4 "$(ask "show table" | wc -l)"
http "http://127.0.0.1:$P/?u=one" >/dev/null
match "^# table: f, type: ip, size:1024, used:1.0x[0-9a-f]+: key=127.0.0.1 use=0 exp=[0-9]+ shard=0 gpt0=0 gpc0=0 conn_cnt=1 conn_cur=0 http_req_rate\(10000\)=1$" \
	"$(ask "show table f" | tr '\n' '.' | sed 's/\.$//')"
match " key=one use=0 exp=0 shard=0 server_id=1 server_key=a gpt0=0 gpt1=0 gpc0=0 gpc1=0 gpc2=0 gpc0_rate\(10000\)=0 gpc1_rate\(10000\)=0$" "$(ask "show table k")"

t "entries are made and changed, and rules see it at once"
is "" "$(ask "set table f key 10.0.0.1 data.gpc0 5 data.http_req_rate 7")"
is "" "$(ask "set table f key 10.0.0.2 data.conn_cnt 50")"
match "key=10.0.0.1 .*gpc0=5 .*http_req_rate\(10000\)=7" "$(ask "show table f key 10.0.0.1")"
is 200 "$(code "http://127.0.0.1:$P/")"
is "" "$(ask "set table f key 127.0.0.1 data.gpt0 1")"
is 403 "$(code "http://127.0.0.1:$P/")"
is "" "$(ask "set table k key a\\ b data.gpc1 4 data.gpt[0] 3 data.gpc0_rate 9")"
match 'key=a\\ b .*gpt0=3 gpt1=0 gpc0=0 gpc1=4 gpc2=0 gpc0_rate\(10000\)=9' "$(ask "show table k key a\\ b")"

t "filters compare what is stored"
is 1 "$(entries "show table f data.gpc0 gt 4")"
is 2 "$(entries "show table f data.gpc0 ne 5")"
is 1 "$(entries "show table f data.conn_cnt ge 50 data.gpc0 eq 0")"
is 1 "$(entries "show table k data.gpc1 le 4 data.gpc1 gt 0")"

t "an entry is found and removed by its place, too"
place=$(ask "show table f key 10.0.0.2" | sed -n 's/^\(0x[0-9a-f]*\):.*/\1/p')
match "key=10.0.0.2 " "$(ask "show table f ptr $place")"
is "" "$(ask "clear table f ptr $place")"
is "" "$(ask "show table f key 10.0.0.2")"

t "what is tracked cannot be removed, the rest can"
exec 3<>"/dev/tcp/127.0.0.1/$P"
is "" "$(ask "clear table f key 127.0.0.1")"
printf 'GET /hold/now?u=x HTTP/1.1\r\nHost: a\r\n\r\n' >&3
tracked() { ask "show table f key 127.0.0.1" | grep -q 'use=1 .*conn_cur=1'; }
wait_for 5 tracked
is "Entry currently in use, cannot remove" "$(ask "clear table f key 127.0.0.1")"
is "" "$(ask "clear table f")"
is 1 "$(entries "show table f")"
exec 3>&-
is "" "$(ask "clear table k data.gpc1 eq 4")"
is 0 "$(entries "show table k data.gpc1 eq 4")"

t "what is wrong is said"
is "No such table" "$(ask "show table nope")"
is "Key value expected" "$(ask "show table f key")"
is "Invalid key" "$(ask "show table f key zz")"
is 'Filter entry #1: Require and operator among "eq", "ne", "le", "ge", "lt", "gt"' "$(ask "show table f data.gpc0 xx 5")"
is "Filter entry #1: Require a valid integer value to compare against" "$(ask "show table f data.gpc0 gt abc")"
is "Filter entry #1: Unknown data type" "$(ask "show table f data.nope gt 4")"
is "Filter entry #2: Data type not stored in this table" "$(ask "show table f data.gpc0 gt 4 data.sess_cnt gt 4")"
match "^Optional argument only supports" "$(ask "show table f foo")"
is "Data type not stored in this table" "$(ask "set table f key 1.2.3.4 data.gpc0 1 data.sess_cnt 1")"
is "" "$(ask "show table f key 1.2.3.4")"
is "Require a valid integer value to store" "$(ask "set table f key 1.2.3.4 data.gpc0 zz")"
is '"data.<type>" followed by a value expected' "$(ask "set table f key 1.2.3.4 foo 1")"
match "^Inserting keys into tables of type other than" "$(ask "set table b key abcd")"
is "Unable to allocate a new entry" "$(ask "set table i key 1; set table i key 2; set table i key 3")"
match "^Required arguments: <table>" "$(ask "clear table")"
match "^content-based lookup is only supported" "$(ask "set table f data.gpc0 1")"
match "Permission denied" "$(printf 'show table f\n' | socat -t 5 stdio "unix:$T/user")"
