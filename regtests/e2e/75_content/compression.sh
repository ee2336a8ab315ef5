#!/usr/bin/env bash
# Compression of responses: what is compressed, for whom, and what is left alone.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) N=$(port) S=$(port) R=$(port)
cat >"$T/c.cfg" <<-EOF
global
    workers 1
    tune.comp.maxlevel 4
defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 2s
frontend web
    bind 127.0.0.1:$P
    compression algo zstd br gzip deflate
    compression type text/ application/json
    compression minsize-res 100
    http-request set-var(txn.path) path
    http-response set-header Content-Type image/png if { var(txn.path) -m str /png }
    http-response set-header Cache-Control "public, No-Transform" if { var(txn.path) -m str /fixed }
    http-response set-header Content-Encoding x-own if { var(txn.path) -m str /packed }
    http-response set-header Vary Accept-Encoding if { var(txn.path) -m str /varied }
    http-response set-header Content-Type "Text/HTML; charset=utf-8" if { var(txn.path) -m beg /chunked /size }
    use_backend files if { path_beg /big /small /png /fixed /packed /varied }
    use_backend hidden if { path_beg /echo-head }
    use_backend slow if { path_beg /slow }
    use_backend up if { path_beg /echo-up }
    use_backend again if { path_beg /again }
    default_backend scripted
backend files
    http-request set-path /big unless { path /small }
    server n 127.0.0.1:$N
backend scripted
    server o 127.0.0.1:$O
backend hidden
    compression algo gzip
    compression offload
    server o 127.0.0.1:$O
backend up
    compression direction request
    compression algo-req gzip
    compression type-req text/
    compression minsize-req 100
    http-request set-path /echo
    http-response set-header X-Enc %[req.hdr(content-encoding)]
    server o 127.0.0.1:$O
backend again
    compression direction both
    compression algo-req gzip
    balance roundrobin
    retry-on all-retryable-errors
    http-request set-path /echo
    server r 127.0.0.1:$R
    server o 127.0.0.1:$O
backend slow
    server s 127.0.0.1:$S
EOF
nginx_origin "$N" files
echo tiny >"$T/nginx.files/www/small"
origin "$O" o
cat >"$T/script" <<-'EOF'
head
send "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
want "never sent"
EOF
origin "$S" s -s "$T/script"
printf 'head\nrst\n' >"$T/broken"
origin "$R" r -s "$T/broken"
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P
head_of() { http -D - -o /dev/null "$@" | tr -d '\r'; }
enc() { head_of "$@" | sed -n 's/^[Cc]ontent-[Ee]ncoding: //p'; }

t "each coding gives back what the server sent"
http "$U/big" >"$T/plain"
for a in gzip deflate br; do
	http --compressed -H "Accept-Encoding: $a" "$U/big" | cmp - "$T/plain"
	is "$a" "$(enc -H "Accept-Encoding: $a" "$U/big")"
done
http -H "Accept-Encoding: zstd" "$U/big" | zstd -dcq | cmp - "$T/plain"
t "it is smaller on the way, without a length, chunked"
[ "$(http -H "Accept-Encoding: gzip" "$U/big" | wc -c)" -lt 20000 ] || fail "not smaller"
nomatch "[Cc]ontent-[Ll]ength" "$(head_of -H "Accept-Encoding: gzip" "$U/big")"
match "[Tt]ransfer-[Ee]ncoding: chunked" "$(head_of -H "Accept-Encoding: gzip" "$U/big")"
t "the client's weights choose, then the order of the configuration"
is zstd "$(enc -H "Accept-Encoding: gzip, br, zstd" "$U/big")"
is gzip "$(enc -H "Accept-Encoding: gzip;q=1, br;q=0.5" "$U/big")"
is "" "$(enc -H "Accept-Encoding: gzip;q=0, identity" "$U/big")"
is br "$(enc -H "Accept-Encoding: gzip;q=0" -H "Accept-Encoding: br" "$U/big")"
t "caches are told that answers vary, also of those that are not compressed"
match "Vary: Accept-Encoding" "$(head_of -H "Accept-Encoding: gzip" "$U/big")"
match "Vary: Accept-Encoding" "$(head_of "$U/big")"
is 1 "$(head_of -H "Accept-Encoding: gzip" "$U/varied" | grep -ci '^vary')"
t "a strong entity tag becomes a weak one"
match 'ETag: "' "$(head_of "$U/big")"
match 'ETag: W/"' "$(head_of -H "Accept-Encoding: gzip" "$U/big")"
t "what must not or need not be compressed is not"
for path in /png /fixed /packed /small /status/404 /status/500; do
	[ "$(enc -H "Accept-Encoding: gzip" "$U$path")" = "$(enc "$U$path")" ] || fail "$path"
done
is "" "$(enc -H "Accept-Encoding: gzip" -r 0-99 "$U/big")"
is "" "$(enc -I -H "Accept-Encoding: gzip" "$U/big")"
is "" "$(enc -0 -H "Accept-Encoding: gzip" "$U/big")"
t "chunks of the server become other chunks with the same content"
is "$(http "$U/chunked/50/777" | md5sum)" "$(http -H "Accept-Encoding: gzip" "$U/chunked/50/777" | gunzip | md5sum)"
is "$(http "$U/size/5000000" | md5sum)" "$(http -H "Accept-Encoding: br" "$U/size/5000000" | brotli -dc | md5sum)"
t "what has been sent is not held back while the server pauses"
(curl -sN -H "Accept-Encoding: gzip" --max-time 3 "$U/slow" || true) | (gunzip 2>/dev/null || true) >"$T/first"
is first "$(cat "$T/first")"
t "a response that breaks off does not look complete"
if curl -s -H "Accept-Encoding: gzip" --max-time 5 "$U/trunc" >/dev/null; then fail "looked complete"; fi
t "offload hides from the server what the client accepts"
match "accept-encoding" "$(http -H "Accept-Encoding: x" "http://127.0.0.1:$O/echo-head" | tr A-Z a-z)"
nomatch "accept-encoding" "$(http --compressed -H "Accept-Encoding: gzip" "$U/echo-head" | tr A-Z a-z)"
t "one connection carries compressed and other answers in turn"
is "1 0 0 0 " "$(http -H "Accept-Encoding: gzip" -w '%{num_connects} ' -o "$T/1" "$U/size/3000" -o "$T/2" "$U/status/404" -o "$T/3" "$U/size/3000" -o "$T/4" "$U/size/50")"
is "$(http "$U/size/3000" | md5sum)" "$(gunzip <"$T/3" | md5sum)"
is 50 "$(wc -c <"$T/4")"
t "an absurd Accept-Encoding is bounded work"
is 200 "$(code -H "Accept-Encoding: $(printf 'x%.0s;q=0.1,' $(seq 1000))gzip" "$U/big")"

t "bodies of requests are compressed for the server where that is asked for, whatever their framing"
up() { http -H 'Content-Type: text/plain' --data-binary @"$1" "${@:2}" "$U/echo-up"; }
head -c 500000 "$T/plain" >"$T/long"
head -c 3000 "$T/plain" >"$T/short"
head -c 100000 /dev/urandom >"$T/noise"
for f in short long noise; do
	up "$T/$f" | gunzip | cmp - "$T/$f"
	up "$T/$f" -H 'Transfer-Encoding: chunked' | gunzip | cmp - "$T/$f"
done
[ "$(up "$T/long" | wc -c)" -lt 10000 ] || fail "not smaller"
match "[xX]-[eE]nc: gzip" "$(up "$T/short" -D - -o /dev/null)"
t "... and not those that are small, encoded, not to be transformed, of another type, or none"
same() { http --data-binary @"$T/$1" "${@:2}" "$U/echo-up" | cmp - "$T/$1"; }
head -c 50 "$T/plain" >"$T/tiny"
same tiny -H 'Content-Type: text/plain'
same short -H 'Content-Type: text/plain' -H 'Content-Encoding: x'
same short -H 'Content-Type: text/plain' -H 'Cache-Control: no-transform'
same short -H 'Content-Type: image/png'
same short -H 'Content-Type: text/plain' -0
is "" "$(http -X POST -H 'Content-Type: text/plain' "$U/echo-up")"
t "a request that is sent again to another server is compressed once"
for i in 1 2; do http -H 'Content-Type: text/plain' --data-binary @"$T/short" "$U/again" | gunzip | cmp - "$T/short"; done
grep -q . "$T/origin.r.log" || fail "nothing was tried at the first server"
