#!/usr/bin/env bash
# Short lists that ask for the same values again and again, with rewrites of all kinds in between: what was evaluated once is evaluated again
# exactly when a rule has changed it. (Debug builds compare each remembered value with a fresh one besides.)
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
origin "$O" a
printf '/m gold\n' >"$T/map"
cat >"$T/c.cfg" <<E
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  tcp-request content set-var(txn.first) path,lower if { path,lower -m beg /var }
  http-request set-path /two%[path] if { path_beg /one }
  http-request return status 201 if { path_beg /one }
  http-request return status 202 if { path_beg /two } { path_end /x }
  http-request set-var(txn.v) path,lower if { path,lower -m beg /var }
  http-request set-header X-A %[var(txn.v)]%[path,lower] if { var(txn.v) -m found } { var(txn.first) -m str /var }
  use_backend hdr if { path_beg /hdr }
  use_backend cnd if { path,lower -m beg /cnd }
  use_backend uri if { path,lower -m beg /two } or { path_beg /uri }
  default_backend b
backend b
  http-request set-path /echo-head if { path,lower /var }
  http-request return status 214 if { path,lower /var }
  server s 127.0.0.1:$O
backend hdr
  http-request set-header X-L a if { hdr(x-l) -m found }
  http-request return status 203 if { hdr(x-l) a } { path_beg /hdr/a }
  http-request replace-header X-L a b%[hdr(x-l)] if { hdr(x-l) a }
  http-request return status 204 if { hdr(x-l) ba } { path_beg /hdr/b }
  http-request del-header X-L if { hdr(x-l) ba }
  http-request return status 205 unless { hdr(x-l) -m found }
  server s 127.0.0.1:$O
backend cnd
  http-request return status 206 if { path,lower,set-var(txn.w) -m found } { var(txn.w) -m end x } { var(txn.w) -m beg /cnd }
  http-request set-var-fmt(txn.w) /cnd/%[method] if { method POST }
  http-request return status 207 if { var(txn.w) -m end POST }
  http-request set-method GET if { method PUT }
  http-request return status 208 if { method PUT }
  http-request return status 209 if { method GET } { path_end /m }
  http-request set-src ip(10.9.8.7) if { src 127.0.0.0/8 }
  server s 127.0.0.1:$O
backend uri
  http-request set-query a=2 if { urlp(a) 1 }
  http-request return status 210 if { urlp(a) 1 }
  http-request set-uri /m if { urlp(a) 2 }
  http-request return status 211 if { path,map($T/map) gold }
  http-request normalize-uri path-merge-slashes if { path_sub // }
  http-request return status 212 if { path_sub // }
  http-response set-status 213 if { status 200 }
  http-response set-header X-S %[status] if { status 213 }
  http-response del-header X-S if { res.hdr(x-s) 200 }
  http-after-response set-header X-T %[res.hdr(x-s)] if { res.hdr(x-s) 213 }
  server s 127.0.0.1:$O
E
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

t "a path that a rule has set is seen by the next, in the backend's list too"
is 202 "$(code "$U/one/x")"; is 213 "$(code "$U/one/y")"
is /two/one/y "$(awk 'END {print $4}' "$T/origin.a.log")"
t "what a content rule put into a variable and what later rules put there are told apart"
match '[Xx]-[Aa]: /var/var' "$(http "$U/VAR" | tr -d '\r')"
t "headers: set, replaced, removed"
is 203 "$(code -H 'X-L: q' "$U/hdr/a")"; is 204 "$(code -H 'X-L: q' "$U/hdr/b")"; is 205 "$(code -H 'X-L: q' "$U/hdr/c")"
is 205 "$(code "$U/hdr/a")"
t "a variable that a test sets is what the next test of the same condition sees"
is 206 "$(code "$U/cnd/x")"; is 206 "$(code "$U/CND/x")"
is 207 "$(code -d x "$U/cnd/y")"
t "methods"
is 200 "$(code -X PUT -d x "$U/cnd/p")"; is 209 "$(code -X PUT -d x "$U/cnd/m")"
t "queries, maps, normal forms"
is 211 "$(code "$U/uri?a=1")"; is 211 "$(code "$U/uri?a=2")"; is 213 "$(code "$U/uri//x")"
t "a response rule sees the status that another has set, and so do those after the response"
out=$(http -i "$U/uri/ok" | tr -d '\r')
match '^HTTP/1.1 213' "$out"; match $'\nX-S: 213\n' "$out"; match $'\nX-T: 213\n' "$out"
