#!/usr/bin/env bash
# Every action of the rules, seen from both ends of the wire: what the server is sent and what the client gets.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) A=$(port) L=$(port)
origin "$O" a
printf 'HTTP/1.1 418 Teapot\r\nContent-Type: text/x-pot\r\nX-Pot: 1\r\n\r\nshort and stout\n' >"$T/418.http"
printf 'file %%[path]\n' >"$T/page"
socat -u "UDP-RECVFROM:$L,bind=127.0.0.1,fork" "SYSTEM:cat >>$T/log; echo >>$T/log" & PIDS+=($!)
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log 127.0.0.1:$L local0
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout tarpit 300ms
frontend f
  bind 127.0.0.1:$P
  log global
  log-format "%[capture.req.hdr(0)]|%hr|%hs|%HU|"
  declare capture request len 5
  declare capture response len 8
  http-request capture path len 20
  http-request capture hdr(x-cap) id 0
  http-response capture res.hdr(x-origin) id 0
  http-request set-log-level silent unless { path_beg /log/ }
  http-request set-log-level err if { path /log/err }
  http-request set-header X-One "new %[method]" if { path /h/set }
  http-request add-header X-One "%[src]" if { path /h/add }
  http-request del-header X-One if { path /h/del }
  http-request del-header x-o -m beg if { path /h/del-beg }
  http-request del-header one -m end if { path /h/del-end }
  http-request del-header -O -m sub if { path /h/del-sub }
  http-request del-header ^x-[ot] -m reg if { path /h/del-reg }
  http-request replace-header X-One '^a=(.*), b=(.*)$' 'b=\2; a=\1' if { path /h/repl }
  http-request replace-value X-One '^([a-z])=([0-9])$' '\2\1%[src]' if { path /h/repv }
  http-request set-path /echo-head if { path_beg /h/ }
  http-request set-path /new/%[path,field(3,/)] if { path_beg /p/ }
  http-request set-pathq /pq?x=%[path] if { path_beg /pq/ }
  http-request set-query "%[query]&extra=1" if { path /q/some }
  http-request set-query "%[hdr(x-none)]" if { path /q/none }
  http-request set-uri /uri/new?a=b if { path /u/rel }
  http-request set-uri http://other.test/abs?c=d if { path /u/abs }
  http-request set-method PUT if { path /m/put }
  http-request replace-path ^/rp/([a-z]*)/([a-z]*)$ /\2/\1
  http-request replace-pathq ^/rq/([a-z]*)\?v=(.*)$ /\2?v=\1
  http-request replace-uri ^/ru/(.*)$ /ur/\1
  http-request deny if { path /deny }
  http-request deny deny_status 429 if { path /deny/429 }
  http-request deny status 418 content-type text/plain string "no %[path]" if { path /deny/418 }
  http-request deny status 404 content-type text/plain lf-string "no %[path]" hdr X-Path "p=%[path]" if { path /deny/lf }
  http-request return if { path /ret }
  http-request return status 201 content-type text/plain string "no %[path]" if { path /ret/string }
  http-request return content-type text/plain lf-string "is %[path]" hdr X-A "%[path]" hdr X-B b if { path /ret/lf }
  http-request return content-type text/plain file $T/page if { path /ret/file }
  http-request return content-type text/plain lf-file $T/page if { path /ret/lf-file }
  http-request return status 503 errorfile $T/503.http if { path /ret/errorfile }
  http-request redirect location https://else.test/%[path,field(3,/)] if { path_beg /rl/ }
$(for c in 301 302 303 307 308; do echo "  http-request redirect location /to code $c if { path /rc/$c }"; done)
  http-request redirect prefix https://pre.test if { path_beg /rx/ }
  http-request redirect prefix https://pre.test drop-query if { path_beg /rd/ }
  http-request redirect prefix https://pre.test drop-query append-slash if { path_beg /ra/ }
  http-request redirect location / set-cookie seen=1 if { path /rs }
  http-request redirect location / clear-cookie seen= if { path /rk }
  http-request redirect location "%[hdr(x-to)]" ignore-empty if { path /ri }
  http-request redirect scheme https if { path_beg /sc/ }
  http-request redirect scheme https code 301 drop-query if { path_beg /sd/ }
  http-request allow if { path /allow }
  http-request deny if { path_beg /allow }
  http-request reject if { path /reject }
  http-request tarpit if { path /tarpit }
  http-request tarpit deny_status 429 if { path /tarpit/429 }
  http-response set-header X-Res "%[status]" if { status 203 }
  http-response add-header X-Origin more if { status 203 }
  http-response del-header X-Conn
  http-response set-status 222 reason "As It Were" if { status 201 }
  http-response set-status 404 if { status 205 }
  http-response replace-header X-Origin ^(.)$ <\1>
  http-response deny if { status 500 }
  http-response deny status 425 if { status 425 }
  http-response return status 299 content-type text/plain string replaced if { status 501 }
  http-response redirect location /maintenance if { status 502 }
  http-after-response set-header X-After "%[status]"
  http-after-response add-header X-After again if { status 403 }
  http-after-response set-status 406 if { status 400 }
  http-after-response allow if { status 429 }
  http-after-response set-header X-Last 1
  use_backend none if { path /none }
  default_backend b
backend none
backend b
  http-request deny deny_status 410 if { path /be/deny }
  http-request set-header X-Be "%[be_name]" if { path /echo-head }
  http-response set-header X-Order backend
  http-response set-header X-Asked "%[method] %[path] %[req.hdr(x-be)]" if { path_beg /echo } !{ method GET }
  server a 127.0.0.1:$O
EOC
sed 's/ 418 Teapot/ 503 Pot/' "$T/418.http" >"$T/503.http"
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
head_of() { http "$@" | tr -d '\r'; }                       # the head the server got
got() { OUT=$(http -i "$@" | tr -d '\r'); }
count() { grep -ciE "$1" <<<"$2" || true; }
sent() { http -o /dev/null "$@"; awk 'END {print $3, $4}' "$T/origin.a.log"; } # the request line the server got

t "set-header replaces every line of the name by one"
out=$(head_of -H 'X-One: 1' -H 'X-Two: 2' -H 'x-one: 3' "$U/h/set")
is 1 "$(count '^x-one:' "$out")"; match $'\n[Xx]-[Oo]ne: new GET\n' "$out"; is 1 "$(count '^x-two: 2$' "$out")"
t "add-header leaves what is there"
out=$(head_of -H 'X-One: 1' "$U/h/add")
is 2 "$(count '^x-one:' "$out")"; is 1 "$(count '^x-one: 127.0.0.1$' "$out")"; is 1 "$(count '^x-one: 1$' "$out")"
t "del-header takes a name, or a beginning, an end, a part or a regular expression of names"
h=(-H 'X-One: 1' -H 'X-Oh: 2' -H 'X-Two: 3' -H 'x-one: 4' -H 'Bone: 5')
del() { head_of "${h[@]}" "$U/h/$1" | tr A-Z a-z | sed -n 's/^\(x-o.*\|x-t.*\|bone\): .*/\1/p' | sort | xargs; }
is "bone x-oh x-one x-one x-two" "$(del other)"
is "bone x-oh x-two" "$(del del)"
is "bone x-two" "$(del del-beg)"
is "x-oh x-two" "$(del del-end)"
is "bone x-two" "$(del del-sub)"
is "bone" "$(del del-reg)"
t "replace-header looks at the whole value of each line and leaves what does not match"
out=$(head_of -H 'X-One: a=1, b=2' -H 'X-One: c' "$U/h/repl")
is 1 "$(count '^x-one: b=2; a=1$' "$out")"; is 1 "$(count '^x-one: c$' "$out")"
t "replace-value looks at each item of a list"
out=$(head_of -H 'X-One: a=1, bb, c=3' "$U/h/repv")
is 1 "$(count '^x-one: *1a127.0.0.1, *bb, *3c127.0.0.1$' "$out")" "$out"
t "a backend's rules come after the frontend's"
is 1 "$(count '^x-be: b$' "$(head_of "$U/h/x")")"
is 410 "$(code "$U/be/deny")"

t "set-path keeps the query, set-pathq does not"
is "GET /new/x?q=1" "$(sent "$U/p/x?q=1")"
is "GET /new/x" "$(sent "$U/p/x")"
is "GET /pq?x=/pq/z" "$(sent "$U/pq/z?old=1")"
t "set-query changes what is behind the question mark"
is "GET /q/some?a=1&extra=1" "$(sent "$U/q/some?a=1")"
is "GET /q/some?&extra=1" "$(sent "$U/q/some")"
is "GET /q/none" "$(sent "$U/q/none")"
t "set-uri takes a path, or an absolute target"
is "GET /uri/new?a=b" "$(sent "$U/u/rel?x=y")"
match '^GET (http://other.test)?/abs\?c=d$' "$(sent "$U/u/abs")"
t "set-method"
is "PUT /m/put" "$(sent "$U/m/put")"
t "replace-path, replace-pathq, replace-uri change a target that matches"
is "GET /two/one?q" "$(sent "$U/rp/one/two?q")"
is "GET /rp/1/2" "$(sent "$U/rp/1/2")"
is "GET /two?v=one" "$(sent "$U/rq/one?v=two")"
is "GET /ur/a?b" "$(sent "$U/ru/a?b")"

t "deny is a 403, or what it is told, with body and headers"
got "$U/deny"; match "^HTTP/1.1 403 " "$OUT"
got "$U/deny/429"; match "^HTTP/1.1 429 Too Many Requests" "$OUT"
got "$U/deny/418"; match "^HTTP/1.1 418 " "$OUT"; match "no %\[path\]$" "$OUT"; match "[Cc]ontent-[Tt]ype: text/plain" "$OUT"
got "$U/deny/lf"; match "^HTTP/1.1 404 " "$OUT"; match "no /deny/lf$" "$OUT"; match "[Xx]-[Pp]ath: p=/deny/lf" "$OUT"
t "return: status, text, format, file, template, error file, headers"
got "$U/ret"; match "^HTTP/1.1 200 " "$OUT"; match "[Cc]ontent-[Ll]ength: 0" "$OUT"
got "$U/ret/string"; match "^HTTP/1.1 201 Created" "$OUT"; match "no %\[path\]$" "$OUT"
got "$U/ret/lf"; match "is /ret/lf$" "$OUT"; is 1 "$(count '^x-a: /ret/lf$' "$OUT")"; is 1 "$(count '^x-b: b$' "$OUT")"
got "$U/ret/file"; match "file %\[path\]$" "$OUT"; match "[Cc]ontent-[Tt]ype: text/plain" "$OUT"
got "$U/ret/lf-file"; match "file /ret/lf-file$" "$OUT"
got "$U/ret/errorfile"; match "^HTTP/1.1 503 Pot" "$OUT"; match "short and stout$" "$OUT"; is 1 "$(count '^x-pot: 1$' "$OUT")"
t "redirect location takes a format and a code"
to() { got "$@"; sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p; s/^[Ll]ocation: //p' <<<"$OUT" | xargs; }
is "302 https://else.test/x" "$(to "$U/rl/x?q=1")"
for c in 301 302 303 307 308; do is "$c /to" "$(to "$U/rc/$c")"; done
t "redirect prefix keeps the target, drop-query its path, append-slash its end"
is "302 https://pre.test/rx/a?b=c" "$(to "$U/rx/a?b=c")"
is "302 https://pre.test/rd/a" "$(to "$U/rd/a?b=c")"
is "302 https://pre.test/ra/a/" "$(to "$U/ra/a?b=c")"
is "302 https://pre.test/ra/a/" "$(to "$U/ra/a/")"
t "redirect scheme takes host and target from the request"
is "302 https://site.test/sc/a?b=c" "$(to -H 'Host: site.test' "$U/sc/a?b=c")"
is "301 https://site.test:8080/sd/a" "$(to -H 'Host: site.test:8080' "$U/sd/a?b=c")"
t "redirect sets and clears cookies"
got "$U/rs"; match "[Ss]et-[Cc]ookie: seen=1; path=/;" "$OUT"
got "$U/rk"; match "[Ss]et-[Cc]ookie: seen=; path=/; Max-Age=0;" "$OUT"
t "ignore-empty passes a redirect to nowhere"
is "302 /there" "$(to -H 'X-To: /there' "$U/ri")"
is "200" "$(to "$U/ri")"
t "allow ends the rules of its set"
is 200 "$(code "$U/allow")"; is 403 "$(code "$U/allow/not")"
t "reject closes without an answer"
rc=0; http "$U/reject" >/dev/null 2>&1 || rc=$?; match "^(52|56)$" "$rc"
t "tarpit answers after its timeout"
out=$(curl -s -o /dev/null -w '%{http_code} %{time_total}' "$U/tarpit")
match '^500 (0\.(29|[3-9])|[1-9])' "$out"
is 429 "$(code "$U/tarpit/429")"

t "http-response may read the request, also when a large body has left long before the answer"
http -d x=1 -H 'X-Be: own' "$U/echo" -D "$T/small" -o /dev/null
head -c 3000000 /dev/zero >"$T/body"
http -H 'Expect:' -H 'X-Be: own' --data-binary "@$T/body" "$U/echo" -D "$T/large" -o /dev/null
for x in small large; do match "[Xx]-[Aa]sked: POST /echo own" "$(cat "$T/$x")"; done
nomatch "[Xx]-[Aa]sked" "$(http -i "$U/echo")"

t "http-response changes headers and status"
got "$U/status/203"; is 1 "$(count '^x-res: 203$' "$OUT")"; is 1 "$(count '^x-origin: <a>$' "$OUT")"; is 1 "$(count '^x-origin: more$' "$OUT")"
is 0 "$(count '^x-conn:' "$OUT")"; is 1 "$(count '^x-order: backend$' "$OUT")"
got "$U/status/201"; match "^HTTP/1.1 222 As It Were" "$OUT"
got "$U/status/205"; match "^HTTP/1.1 404 Not Found" "$OUT"
t "http-response answers in the server's place: deny 502, return, redirect"
got "$U/status/500"; match "^HTTP/1.1 502 " "$OUT"; nomatch "status" "${OUT##*$'\n'}"
is 425 "$(code "$U/status/425")"
got "$U/status/501"; match "^HTTP/1.1 299 " "$OUT"; match "replaced$" "$OUT"
is "302 /maintenance" "$(to "$U/status/502")"
t "http-after-response is for the proxy's own answers too"
got "$U/x"; is 1 "$(count '^x-after: 200$' "$OUT")"
got "$U/deny"; is 1 "$(count '^x-after: 403$' "$OUT")"; is 1 "$(count '^x-after: again$' "$OUT")"; is 1 "$(count '^x-last: 1$' "$OUT")"
got "$U/deny/429"; is 1 "$(count '^x-after: 429$' "$OUT")"; is 0 "$(count '^x-last:' "$OUT")"
got "$U/rc/301"; is 1 "$(count '^x-after: 301$' "$OUT")"
got "$U/ret/lf"; is 1 "$(count '^x-after: 200$' "$OUT")"
got "$U/status/500"; is 1 "$(count '^x-after: 502$' "$OUT")"
got "$U/none"; match "^HTTP/1.1 503 " "$OUT"; is 1 "$(count '^x-after: 503$' "$OUT")"
t "http-after-response changes the status"
is 406 "$(code "$U/status/400")"

t "captures of rules and of declared slots are cut to their lengths and logged"
http -o /dev/null -H 'X-Cap: 123456789' "$U/log/cap?q=1"
wait_for 5 grep -q '/log/cap' "$T/log"
match '12345\|\{12345\|/log/cap\}\|\{a\}\|/log/cap\?q=1\|' "$(grep /log/cap "$T/log")"
t "set-log-level changes the priority of the line; silent leaves it out"
http -o /dev/null "$U/log/err"; http -o /dev/null "$U/log/info"
wait_for 5 grep -q '/log/info' "$T/log"
match '^<131>' "$(grep /log/err "$T/log")"; match '^<134>' "$(grep /log/info "$T/log")"
is 0 "$(grep -cv '/log/' <(grep . "$T/log") || true)"
