#!/usr/bin/env bash
# set-map, del-map, add-acl and del-acl in the phases other than http-request: of bytes, of responses, and after them.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) R=$(port) O=$(port)
origin "$O" a
L=$T/learnt.map A=$T/known.acl
: >"$L" >"$A"
rules() { # phase name: its four actions, each on a path of its own
	local key='%[var(txn.key)]'
	printf '  %s set-map(%s) %s "by %s" if { var(txn.do) -m str %s/set }\n' "$1" "$L" "$key" "$2" "$2"
	printf '  %s del-map(%s) %s if { var(txn.do) -m str %s/del }\n' "$1" "$L" "$key" "$2"
	printf '  %s add-acl(%s) %s if { var(txn.do) -m str %s/add }\n' "$1" "$A" "$key" "$2"
	printf '  %s del-acl(%s) %s if { var(txn.do) -m str %s/rem }\n' "$1" "$A" "$key" "$2"
}
cat >"$T/c.cfg" <<E
global
  workers 2
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend web
  bind 127.0.0.1:$P
  acl in req.hdr(x-key) -f $A
  tcp-request content set-var(txn.do) path,regsub(^/,)
  tcp-request content set-var(txn.key) req.hdr(x-key)
$(rules "tcp-request content" content)
$(rules "http-response" res)
$(rules "http-after-response" after)
  http-request return content-type text/plain lf-string "%[req.hdr(x-key),map($L,none)] in" if { path /state } in
  http-request return content-type text/plain lf-string "%[req.hdr(x-key),map($L,none)] out" if { path /state }
  default_backend a
backend a
  http-request set-path /
  server s 127.0.0.1:$O
frontend raw
  mode tcp
  bind 127.0.0.1:$R
  tcp-request inspect-delay 5s
  tcp-request content set-map($L) %[req.payload(0,3)] "by bytes" if { req.len ge 3 }
  tcp-request content add-acl($A) %[req.payload(0,3)] if { req.len ge 3 }
  tcp-request content reject if { req.len ge 3 }
  default_backend four
backend four
  mode tcp
  server s 127.0.0.1:$O
E
sluice_start "$T/c.cfg"
state() { # key want: in every worker
	is "$2" "$(for _ in 1 2 3 4 5 6; do http -H "x-key: $1" "http://127.0.0.1:$P/state"; echo; done | sort -u)" "$1"
}
act() { is 200 "$(code -H "x-key: $2" "http://127.0.0.1:$P/$1")"; }
for phase in content res after; do
	t "a rule of phase $phase changes maps and ACL files for the requests that follow, in all workers"
	state "$phase-k" "none out"
	act "$phase/set" "$phase-k"; state "$phase-k" "by $phase out"
	act "$phase/add" "$phase-k"; state "$phase-k" "by $phase in"
	act "$phase/rem" "$phase-k"; state "$phase-k" "by $phase out"
	act "$phase/del" "$phase-k"; state "$phase-k" "none out"
done
t "the key may be bytes of a connection that speaks no HTTP"
state abc "none out"
printf 'abcdef' | raw "$R" >/dev/null
state abc "by bytes in"
