#!/usr/bin/env bash
# `sluice explain`: what becomes of a described request, decision by decision.
. "$(dirname "$0")/../../lib/sluice.sh"

cat >"$T/c.cfg" <<'E'
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind :8080
    acl internal src 10.0.0.0/8
    http-request deny status 429 if { path /secret } !internal
    http-request reject if { path /gone }
    http-request redirect scheme https if { hdr(x-forwarded-proto) http }
    http-request set-path /moved%[path] if { path_beg /old }
    use_backend api if { path_beg /api/ /moved } or { hdr(host) -i api.example.org }
    default_backend site
backend site
    balance roundrobin
    server web1 10.0.0.11:80
    server web2 10.0.0.12:80 disabled
    server web3 10.0.0.13:80 backup
backend api
    balance uri
    use-server a2 if { path_end .png }
    server a1 10.0.1.11:8000
    server a2 10.0.1.12:8000
backend empty
E
explain() { "$SLUICE" explain -f "$T/c.cfg" "$@"; }

t "the way of a request is told from the bind line to the server, each with its line"
out=$(explain 'GET http://www.example.org:8080/')
match "bind +0.0.0.0:8080 +\[.*c.cfg:7\]" "$out"
match "frontend +web +\[.*c.cfg:6\]" "$out"
match "default_backend site" "$out"
match "backend +site +\[.*c.cfg:15\]" "$out"
match "pick +site/web1 +\[.*c.cfg:17\]" "$out"
match "because +each server in turn" "$out"
t "every condition shows what it compared and how that came out"
out=$(explain 'GET http://www.example.org:8080/secret' --src 10.1.2.3)
match "\{ path -m str /secret \}: match; path is \"/secret\"" "$out"
match "!internal \{ src -m ip 10.0.0.0/8 \}: match; src is 10.1.2.3" "$out"
match "deny 429 if .*c.cfg:9\] false" "$out"
match "hdr\(x-forwarded-proto\) has no value" "$out"
t "an answer that the proxy makes ends the way"
out=$(explain 'GET http://www.example.org:8080/secret' --src 192.0.2.1)
match "deny 429 if .*c.cfg:9\] true" "$out"
match "answer +429 made by the proxy, termination state PR" "$out"
nomatch "pick" "$out"
out=$(explain http://www.example.org:8080/x?y=1 --header 'X-Forwarded-Proto: http')
match "location +https://www.example.org:8080/x\?y=1" "$out"
out=$(explain http://www.example.org:8080/gone)
match "reject if .* true" "$out"
match "closed +without an answer" "$out"
t "later rules see what earlier ones have rewritten"
out=$(explain 'GET http://www.example.org:8080/old/thing')
match "path is \"/moved/old/thing\"" "$out"
match "pick +api/" "$out"
t "servers that take no request say why, and use-server is named as the reason"
out=$(explain 'GET http://www.example.org:8080/')
match "web2 10.0.0.12:80 MAINT, .*not a candidate" "$out"
match "web3 10.0.0.13:80 UP backup, .*not a candidate" "$out"
out=$(explain POST http://www.example.org:8080/logo.png --header 'Host: api.example.org')
match "use-server a2 if .* true" "$out"
match "pick +api/a2" "$out"
match "persistence or use-server" "$out"
t "the same key leads to the same server"
is "$(explain http://a:8080/api/k | grep ^pick)" "$(explain http://a:8080/api/k | grep ^pick)"
match "key +hash [0-9a-f]{8}" "$(explain http://a:8080/api/k)"
t "persistence says whom it names: cookie, stick rule; and servers that are left out say why"
cat >"$T/p.cfg" <<E
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind :8443 ssl crt $T/a.pem
    bind :8080
    http-request track-sc0 src table t
    http-request deny status 429 if { sc_http_req_rate(0,t) gt 5 }
    http-request deny status 403 if { ssl_c_s_dn(CN) mallory } or { ssl_fc_sni -m end .evil.test }
    http-request return status 202 if { ssl_fc_alpn h2 }
    default_backend b
backend b
    cookie SRV insert indirect
    stick on src
    stick-table type ip size 100
    server s1 10.0.0.1:80 cookie one maxconn 10
    server s2 10.0.0.2:80 cookie two weight 0
    server s3 10.0.0.3:80 cookie three disabled
backend t
    stick-table type ip size 1k store http_req_rate(10s)
E
cert() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/key" -out "$T/crt" -days 30 -subj /CN=shop.test 2>/dev/null && cat "$T/crt" "$T/key"; }
cert >"$T/a.pem"
explain() { "$SLUICE" explain -f "$T/p.cfg" "$@"; }
out=$(explain http://a:8080/)
match "track-sc0 .*always" "$out"; match "sc_http_req_rate\(0,t\) is 1" "$out"; match "ssl_fc_alpn has no value" "$out"
match "s1 10.0.0.1:80 UP, weight 1, in flight 0 of 10, cost 0.000" "$out"
match "s2 .*not a candidate: its weight is 0" "$out"; match "s3 .*not a candidate: it takes no new requests" "$out"
match "cookie SRV: the request has none" "$out"; match "stick on in b with key 127.0.0.1 .* no server is stored" "$out"
match "stick tables were empty" "$out"
out=$(explain http://a:8080/ --header 'Cookie: SRV=two')
match "cookie SRV: it names s2" "$out"; match "pick +b/s2" "$out"
match "cookie SRV: its value names no server" "$(explain http://a:8080/ --header 'Cookie: SRV=four')"
t "TLS is as it was described"
out=$(explain https://shop.test:8443/ --client-dn /C=DE/CN=mallory)
match "tls +server name shop.test, certificate $T/a.pem" "$out"; match "ssl_c_s_dn\(CN\) is \"mallory\"" "$out"; match "answer +403" "$out"
match "answer +403" "$(explain https://x:8443/ --sni www.evil.test)"
match "answer +202" "$(explain https://x:8443/ --alpn h2)"
match "pick +b/s1" "$(explain https://x:8443/ --alpn http/1.1 --client-dn /CN=joe)"
explain() { "$SLUICE" explain -f "$T/c.cfg" "$@"; }
t "what cannot be explained is refused with the reason"
for words in "" "ftp://x/" "GET http://x:0/" "http://h/ --src nowhere" "http://h/ --bogus 1" "http://h/ --header nothing" "http://h/ --src" "http://h/ --alpn h2"; do
	# shellcheck disable=SC2086
	if explain $words >"$T/out" 2>"$T/err"; then fail "explained '$words'"; fi
	match "^sluice: explain: ." "$(cat "$T/err")"
done
if explain http://h:81/ 2>"$T/err"; then fail "port 81"; fi
match "no http frontend listens on port 81" "$(cat "$T/err")"
