#!/usr/bin/env bash
# Variables: their scopes live as long as the manual says, and sets happen when their conditions hold.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) L=$(port) P2=$(port)
origin "$O" a
socat -u "UDP-RECVFROM:$L,bind=127.0.0.1,fork" "SYSTEM:cat >>$T/log; echo >>$T/log" & PIDS+=($!)
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log 127.0.0.1:$L local0
  set-var proc.base int(40)
  set-var proc.sum var(proc.base),add(2)
  set-var-fmt proc.text "sum is %[var(proc.sum)]"
defaults
  mode http
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  log global
  log-format "txn=%[var(txn.path)] req=%[var(req.path)] res=%[var(res.st)]"
  tcp-request connection set-var(sess.from) src_port
  tcp-request session set-var(sess.n) int(0)
  tcp-request content set-var(txn.content) src
  http-request set-var(txn.path) path
  http-request set-var(req.path) path
  http-request set-var(sess.n) var(sess.n),add(1)
  http-request set-var-fmt(txn.fmt) "%[method] %[path]"
  http-request set-var(txn.max,iflt) int(3)
  http-request set-var(txn.max,iflt) int(9)
  http-request set-var(txn.max,iflt) int(5)
  http-request set-var(txn.once,ifnotexists) str(first)
  http-request set-var(txn.once,ifnotexists) str(second)
  http-request set-var(txn.gone) str(x)
  http-request unset-var(txn.gone)
  http-request set-var(proc.count) var(proc.count,0),add(1)
  http-request deny if { path /denied }
  http-request return content-type text/plain lf-string "%[var(proc.text)] n=%[var(sess.n)] from=%[var(sess.from)] max=%[var(txn.max)] once=%[var(txn.once)] gone=%[var(txn.gone)] count=%[var(proc.count)] content=%[var(txn.content)]" if { path /show }
  http-request set-header X-Fmt "%[var(txn.fmt)]"
  use_backend one if { path,set-var(txn.seen) -m beg /one }
  use_backend two if { var(txn.seen) -m str /two }
  use_backend two if { var(txn.path) -m beg /by/var }
  default_backend one
  http-response set-var(res.st) status
  http-response set-header X-Path "%[var(txn.path)]"
  http-response set-header X-Req "[%[var(req.path)]]"
  http-response set-header X-Be "%[var(txn.be)]"
  http-after-response set-header X-After "%[var(txn.path)]/%[var(res.st)]/%[var(req.path)]"
backend one
  http-request set-var(txn.be) be_name
  server a 127.0.0.1:$O
backend two
  http-request set-var(txn.be) be_name
  server a 127.0.0.1:$O
frontend small
  bind 127.0.0.1:$P2
  http-request set-var(txn.big) url_param(v)
  http-request return content-type text/plain lf-string "[%[var(txn.big)]]"
EOC
sed -i "s/^  nbthread 1/&\n  tune.vars.txn-max-size 100/" "$T/c.cfg"; cp "$T/c.cfg" "$T/limit.cfg"; sed -i '/tune.vars/d' "$T/c.cfg"
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
hdr() { grep -i "^$1:" <<<"$OUT" | cut -d' ' -f2- | tr -d '\r'; }
got() { OUT=$(http -i "$@"); }

t "the global section sets variables of the process, one from another"
match '^sum is 42 ' "$(http "$U/show")"
t "a variable of the session outlives its requests, the client's port proves that it is one"
out=$(http "$U/show" "$U/show" "$U/show" | tr -d '\n')
match 'n=1 from=([0-9]+) .*n=2 from=([0-9]+) .*n=3 from=([0-9]+) ' "$out"
is "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}"
match ' n=1 ' "$(http "$U/show")"
t "conditions of set-var: the largest wins, the first wins, what was unset is gone"
match ' max=9 once=first gone= ' "$(http "$U/show")"
t "a variable of the process set at run time counts on"
a=$(http "$U/show"); b=$(http "$U/show"); a=${a#*count=}; b=${b#*count=}
is $((${a%% *} + 1)) "${b%% *}"
t "tcp-request content sets what http-request reads"
match ' content=127.0.0.1$' "$(http "$U/show")"
t "txn lives through the response, req ends where the response begins"
got "$U/a/path"
is /a/path "$(hdr x-path)"; is "[]" "$(hdr x-req)"; is /a/path/200/ "$(hdr x-after)"; is one "$(hdr x-be)"
t "answers of the proxy itself see txn in http-after-response"
got "$U/denied"; is /denied// "$(hdr x-after)"
t "the log line sees txn and res"
wait_for 5 grep -q 'txn=/a/path req=- res=200' "$T/log"
wait_for 5 grep -q 'txn=/denied req=- res=-' "$T/log"
t "a condition that sets a variable is evaluated before the next one reads it"
got "$U/two"; is two "$(hdr x-be)"
got "$U/one/x"; is one "$(hdr x-be)"
got "$U/by/var/1"; is two "$(hdr x-be)"
t "set-var-fmt keeps the text of a format"
is "GET /echo-head" "$(http "$U/echo-head" | grep -i '^x-fmt' | cut -d' ' -f2- | tr -d '\r')"
sluice_stop
t "tune.vars.txn-max-size: a value that does not fit is not set"
sluice_start "$T/limit.cfg"
is "[short]" "$(http "http://127.0.0.1:$P2/?v=short")"
is "[]" "$(http "http://127.0.0.1:$P2/?v=$(printf 'x%.0s' {1..200})")"
t "a scope that does not exist yet is an error with its place"
printf 'frontend f\n mode http\n bind :1\n tcp-request connection set-var(txn.x) src\n' >"$T/bad.cfg"
out=$("$SLUICE" -c -f "$T/bad.cfg" 2>&1 || true)
match "bad.cfg:4:33: error: 'txn.x' does not exist yet in these rules: use scope sess or proc" "$out"
printf 'frontend f\n mode http\n bind :1\n http-request set-var(txn.x,ifnot) src\n http-request set-var src\n' >"$T/bad.cfg"
out=$("$SLUICE" -c -f "$T/bad.cfg" 2>&1 || true)
match "bad.cfg:4:29: error: 'ifnot' is not a condition of set-var" "$out"; match "bad.cfg:5:15: error: 'set-var' expects an argument in parentheses" "$out"
