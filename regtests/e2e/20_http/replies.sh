#!/usr/bin/env bash
# Answers the proxy makes itself, headers it adds, limits of heads, and what it says while a request is still coming.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) E=$(port) X=$(port) L=$(port)
export ORIGIN_RAW=1
origin "$O" a
printf 'HTTP/1.1 503 Gone Fishing\r\nContent-Type: text/plain\r\nX-File: yes\r\n\r\nfishing\n' >"$T/503.http"
cat >"$T/c.cfg" <<EOC
global
  workers 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
$(for c in 200 400 401 403 404 405 407 408 410 413 425 429 500 501 502 503 504; do
	echo "  http-request deny deny_status $c if { path /deny/$c }"; done)
  http-request return status 200 content-type text/plain string hello hdr X-Mine 1 if { path /return }
  http-request return status 204 if { path /return204 }
  http-request redirect location /there code 307 if { path /redirect }
  use_backend none if { path_beg /none }
  use_backend buffer if { path_beg /buffer }
  default_backend b
frontend errors
  bind 127.0.0.1:$E
  errorfile 503 $T/503.http
  errorfile 403 /dev/null
  errorloc 404 http://e/404
  errorloc303 405 http://e/405
  errorloc302 410 http://e/410
$(for c in 403 404 405 410; do echo "  http-request deny deny_status $c if { path /$c }"; done)
  default_backend none
frontend xff
  bind 127.0.0.1:$X
  option forwardfor
  use_backend except if { path_beg /except }
  use_backend named if { path_beg /named }
  use_backend rfc if { path_beg /rfc }
  use_backend both if { path_beg /both }
  default_backend b
backend none
backend b
  server a 127.0.0.1:$O
backend buffer
  option http-buffer-request
  timeout http-request 1s
  server a 127.0.0.1:$O
backend except
  option forwardfor except 127.0.0.0/8
  server a 127.0.0.1:$O
backend named
  option forwardfor header X-Client if-none
  server a 127.0.0.1:$O
backend rfc
  option forwarded proto host by for
  server a 127.0.0.1:$O
backend both
  option originalto
  server a 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
trap '' PIPE
seen() { grep "raw .*$1" "$T/origin.a.log" || true; }
a() { head -c "$1" /dev/zero | tr '\0' a; }
got() { OUT=$(http -i "$@" | tr -d '\r'); }

t "every built-in error page has its status, a body of the right length and says what it is"
for c in 200 400 401 403 404 405 407 408 410 413 425 429 500 501 502 503 504; do
	got "$U/deny/$c"
	match "^HTTP/1.1 $c " "$OUT"
	match "[Cc]ontent-[Tt]ype: text/html" "$OUT"; match "[Cc]ache-[Cc]ontrol: no-cache" "$OUT"
	match "[Cc]ontent-[Ll]ength: ([0-9]+)" "$OUT"; len=${BASH_REMATCH[1]}
	body=${OUT#*$'\n\n'}; is "$len" $((${#body} + 1)) # the last line feed is lost in $(...)
	match "<h1>$c " "$OUT"
done
t "an answer of the proxy leaves the connection alive"
is "403 200" "$(printf 'GET /deny/403 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' | raw "$P" | awk '/^HTTP/{print $2}' | xargs)"
t "HEAD gets the same headers and no body"
out=$(printf 'HEAD /deny/403 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' | raw "$P")
nomatch "<h1>" "$out"; match "HTTP/1.1 403.*[Cc]ontent-[Ll]ength: [1-9].*HTTP/1.1 200" "$out"
t "an HTTP/1.0 client is answered and let go, unless it asked to stay"
match "^HTTP/1.. 403.*[Cc]onnection: close" "$(printf 'GET /deny/403 HTTP/1.0\r\n\r\n' | raw "$P")"
is 2 "$(printf 'GET /deny/403 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /deny/403 HTTP/1.0\r\n\r\n' | raw "$P" | grep -c '^HTTP')"
t "a backend without a server is a 503"
is 503 "$(code "$U/none")"
t "return: the body, the type and the headers of the rule"
got "$U/return"; match "^HTTP/1.1 200 .*X-Mine: 1.*hello$" "${OUT/x-mine/X-Mine}"; match "text/plain" "$OUT"
got "$U/return204"; match "^HTTP/1.1 204 " "$OUT"; nomatch "[Cc]ontent-[Ll]ength" "$OUT"
t "redirect: code and location"
got "$U/redirect"; match "^HTTP/1.1 307 " "$OUT"; match "[Ll]ocation: /there" "$OUT"

V=http://127.0.0.1:$E
t "errorfile is sent as it is, with a length"
got "$V/x"; match "^HTTP/1.1 503 Gone Fishing" "$OUT"; match "X-File: yes" "$OUT"; match "fishing$" "$OUT"; match "[Cc]ontent-[Ll]ength: 8" "$OUT"
t "errorfile /dev/null closes without a byte"
rc=0; http "$V/403" >/dev/null 2>&1 || rc=$?; is 52 $rc
t "errorloc and errorloc302 are a 302, errorloc303 is a 303"
got "$V/404"; match "^HTTP/1.1 302 " "$OUT"; match "[Ll]ocation: http://e/404" "$OUT"
got "$V/410"; match "^HTTP/1.1 302 " "$OUT"
got "$V/405"; match "^HTTP/1.1 303 " "$OUT"; match "[Ll]ocation: http://e/405" "$OUT"

W=http://127.0.0.1:$X
t "forwardfor appends the client's address behind what came"
http "$W/xff1" >/dev/null; match "X-Forwarded-For: 127.0.0.1" "$(seen /xff1)"
http -H 'X-Forwarded-For: 1.2.3.4' "$W/xff2" >/dev/null; match "X-Forwarded-For: 1.2.3.4.*X-Forwarded-For: 127.0.0.1" "$(seen /xff2)"
t "forwardfor except leaves out its networks"
http "$W/except" >/dev/null; nomatch "X-Forwarded-For" "$(seen /except)"
t "forwardfor header if-none adds only what is not there"
http "$W/named1" >/dev/null; match "X-Client: 127.0.0.1" "$(seen /named1)"
http -H 'X-Client: 9.9.9.9' "$W/named2" >/dev/null; nomatch "X-Client: 127" "$(seen /named2)"
t "forwarded writes RFC 7239"
http -H 'Host: site.test' "$W/rfc" >/dev/null
match '[Ff]orwarded: proto=http;host="?site.test"?;by=127.0.0.1;for=127.0.0.1' "$(seen /rfc)"
t "originalto carries the address the client came to"
http "$W/both" >/dev/null; match "X-Original-To: 127.0.0.1" "$(seen /both)"

t "http-buffer-request: the server sees nothing before the body is here, then everything at once"
exec 3<>"/dev/tcp/127.0.0.1/$P"
printf 'POST /buffer1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhello' >"$T/m"; cat "$T/m" >&3
is a "$(http "$U/other")"
is "" "$(seen /buffer1)"
printf 'world' >&3; match "HTTP/1.1 200" "$(cat <&3)"; exec 3>&-
match "helloworld" "$(seen /buffer1)"
t "http-buffer-request: a body that stops is a 408 and no server is asked"
exec 3<>"/dev/tcp/127.0.0.1/$P"
printf 'POST /buffer2 HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello' >"$T/m"; cat "$T/m" >&3
match "^HTTP/1.1 408" "$(cat <&3)"; exec 3>&-
is "" "$(seen /buffer2)"
t "http-buffer-request: a body larger than the buffer is passed on"
head -c 300000 /dev/zero >"$T/body"
is 300000 "$(http -H 'Expect:' --data-binary @"$T/body" "$U/buffer/echo-not" -o /dev/null -w '%{size_upload}')"
t "http-buffer-request: a client that waits for 100 gets it from the proxy, once, and the server is not asked for it"
exec 3<>"/dev/tcp/127.0.0.1/$P"
printf 'POST /buffer3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n' >"$T/m"; cat "$T/m" >&3
read -r -t 20 line <&3; match "^HTTP/1.1 100" "$line"
printf 'hello' >&3; out=$(cat <&3); exec 3>&-
match "HTTP/1.1 200" "$out"; nomatch "HTTP/1.1 100" "$out"
nomatch "100-continue" "$(seen /buffer3)"

t "Expect: 100-continue goes to the server, and its answer to the client"
out=$(http -v -H 'Expect: 100-continue' -d hello "$U/echo" 2>&1)
is 1 "$(grep -c 'HTTP/1.1 100' <<<"$out")"; match "HTTP/1.1 200" "$out"; match "hello" "$out"
match "Expect: 100-continue" "$(seen 'POST /echo')"
t "a final answer instead of 100 ends the connection, since the body may or may not come"
out=$(printf 'POST /deny/403 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n' | raw "$P")
match "^HTTP/1.1 403 .*[Cc]onnection: close" "$out"
t "an unknown expectation is passed on"
http -H 'Expect: magic' "$U/magic" >/dev/null; match "Expect: magic" "$(seen /magic)"

t "too many headers are a 431"
args=(); for i in $(seq 120); do args+=(-H "X-$i: 1"); done
is 431 "$(code "${args[@]}" "$U/")"
is 200 "$(code "${args[@]:0:180}" "$U/")"
t "a head larger than the buffer is a 431, a request line alone is a 414"
is 200 "$(code -H "X-Big: $(a 14000)" "$U/")"
is 431 "$(code -H "X-Big: $(a 17000)" "$U/")"
is 414 "$(code "$U/$(a 17000)")"
t "a head larger than the buffer is refused without its end"
match "^HTTP/1.1 431" "$(printf 'GET / HTTP/1.1\r\nHost: a\r\nX: %s' "$(a 40000)" | raw "$P" 2>/dev/null)"
t "the limits are settings"
sluice_stop
cat >"$T/l.cfg" <<EOC
global
  workers 1
  tune.http.maxhdr 20
  tune.bufsize 8192
  tune.maxrewrite 1024
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$L
  default_backend b
backend b
  server a 127.0.0.1:$O
EOC
sluice_start "$T/l.cfg"
U=http://127.0.0.1:$L
is 200 "$(code "${args[@]:0:30}" "$U/")"
is 431 "$(code "${args[@]:0:60}" "$U/")"
is 200 "$(code -H "X-Big: $(a 6000)" "$U/")"
is 431 "$(code -H "X-Big: $(a 7500)" "$U/")"
is 9000000 "$(http "$U/size/9000000" | wc -c)"
