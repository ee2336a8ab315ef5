#!/usr/bin/env bash
# What a client sends never becomes a header, a second message or a second log line.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port)
export ORIGIN_RAW=1
origin "$O" a
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log stdout format raw local0
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  log global
  log-format "line %HM %HU %[capture.req.hdr(0)] %hr %{+Q}[capture.req.hdr(0)] end"
  capture request header X-Cap len 64
  http-request set-header X-Set "%[path,url_dec]" if { path_beg /set }
  http-request add-header X-Add "%[query,url_dec]" if { path_beg /set }
  http-request replace-header X-Cap .* "%[path,url_dec]" if { path_beg /repl }
  http-request set-path "%[query,url_dec]" if { path /path }
  http-request set-pathq "%[query,url_dec]" if { path /pathq }
  http-request set-uri "%[query,url_dec]" if { path /uri }
  http-request set-query "%[query,url_dec]" if { path /query }
  http-request set-method "%[query,url_dec]" if { path /method }
  http-request redirect location "%[query,url_dec]" if { path /loc }
  http-request redirect prefix "%[query,url_dec]" if { path /prefix }
  http-request return status 200 content-type text/plain string x hdr X-Ret "%[query,url_dec]" if { path /ret }
  http-request capture path,url_dec len 64
  http-response set-header X-Res "%[capture.req.uri,url_dec(1)]"
  http-after-response set-header X-After "%[capture.req.uri,url_dec(1)]"
  default_backend b
backend b
  server a 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
EVIL='%0d%0aX-Evil:%201%0d%0a%0d%0aGET%20/smuggled%20HTTP/1.1%0d%0a%00'
evil() { # the text holds no header of the client's making: the name only ever stands behind other text on its line
	[ -n "$1" ] || fail "nothing came"
	is 0 "$(tr '\r' '\n' <<<"$1" | grep -acE '^(X-Evil|GET /smuggled)' || true)" "$1"
}
got() { http -i "$@" | tr -d '\0'; }
raw_sent() { grep "raw .*$1" "$T/origin.a.log" | sed 's/\\r/\n/g; s/\\n/\n/g' | sed '1!s/^raw conn=[0-9]* //'; }

t "set-header, add-header, replace-header: line ends and NUL of a value do not reach the server"
evil "$(got "$U/set$EVIL?$EVIL")"; evil "$(raw_sent '/set')"
match "[Xx]-[Ss]et: /set%0D%0AX-Evil: 1" "$(raw_sent '/set')"
evil "$(got -H 'X-Cap: 1' "$U/repl$EVIL")"; evil "$(raw_sent '/repl')"
t "set-path, set-pathq, set-uri, set-query: a target with blanks or line ends is not taken"
for w in path pathq uri query; do evil "$(got "$U/$w?/x$EVIL")"; done
evil "$(raw_sent GET)"
is "" "$(grep -aoE 'raw conn=[0-9]+ GET [^\\]*' "$T/origin.a.log" | awk 'NF != 5')"
t "set-method takes a token and nothing else"
evil "$(got "$U/method?PUT%20/smuggled%20HTTP/1.1$EVIL")"
is "GET /method" "$(awk '/^conn/ {m = $3; p = $4} END {sub(/\?.*/, "", p); print m, p}' "$T/origin.a.log")"
t "redirect and return: line ends of a value do not reach the client"
evil "$(got "$U/loc?/there$EVIL")"; evil "$(got "$U/prefix?/there$EVIL")"; evil "$(got "$U/ret?$EVIL")"
t "http-response, http-after-response: nor do they here"
out=$(got "$U/res$EVIL"); evil "$out"; match "[Xx]-[Rr]es: .*X-Evil" "$out"; match "[Xx]-[Aa]fter: .*X-Evil" "$out"
t "a log line stays one line, its control bytes are escaped"
sent=$(grep -c '^line ' "$T/sluice.out")
evil "$(got "$U/log$EVIL")"
wait_for 5 grep -q ' /log' "$T/sluice.out"
printf 'GET /esc HTTP/1.1\r\nHost: a\r\nX-Cap: tab\there "quoted" \xc3\xa9\r\nConnection: close\r\n\r\n' | raw "$P" >/dev/null
wait_for 5 grep -q ' /esc' "$T/sluice.out"
is 0 "$(grep -cv '^line .* end$' "$T/sluice.out" || true)" "$(grep -v '^line .* end$' "$T/sluice.out" || true)"
is 0 "$(LC_ALL=C grep -c $'[\x01-\x08\x0b-\x1f\x7f]' "$T/sluice.out" || true)"
match '#09here' "$(grep ' /esc' "$T/sluice.out")"
is $((sent + 2)) "$(grep -c '^line ' "$T/sluice.out")"
t "raw line ends and NUL inside of a head are a bad request"
for b in '\0' '\r' '\n' '\r\nX'; do
	match '^HTTP/1.[01] 400' "$(printf 'GET /raw HTTP/1.1\r\nHost: a\r\nX-A: b'"$b"'X-Evil: 1\r\nConnection: close\r\nbad line\r\n\r\n' | raw "$P" | tr -d '\0')"
done
is 0 "$(grep -ac 'conn.*/raw' "$T/origin.a.log" || true)"
