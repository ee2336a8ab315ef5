#!/usr/bin/env bash
# HTTP checks over HTTP/2: by check-proto, by the server's proto, by ALPN, by a connect step.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) H=$(port) X=$(port) A=$(port)
ca ca
cert srv DNS:srv.test
origin "$A" a
N=0
chk() { # name "server parameters" "lines"
	printf 'backend %s\n  option httpchk GET /up\n  %s\n  server s 127.0.0.1:%s check inter 60ms fall 1 rise 1 init-state up\n' "$1" "${3//;/$'\n  '}" "$2" >>"$T/c.cfg"
}
cat >"$T/c.cfg" <<X
global
  workers 1
  log stdout format raw local0
defaults
  mode http
  log global
  option log-health-checks
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout check 5s
frontend clear
  no log
  bind 127.0.0.1:$P proto h2
  bind 127.0.0.1:$X ssl crt $T/srv.pem alpn h2,http/1.1
  http-request return status 200 content-type text/plain lf-string "%[fc_http_major] %[method] %[path] %[req.hdr(host)] %[req.hdr(x-a)] %[req.body]\n" hdr X-Role primary if { path /up }
  http-request return status 418 if { path /tea }
  http-request reject if { path /reject }
  http-request return status 204
X
chk c1 "$P check-proto h2" 'http-check expect string "2 GET /up 127.0.0.1"'
chk c2 "$P proto h2" 'http-check send meth POST uri /up hdr Host www.test hdr X-A "of %[srv_name]" body-lf "b=%[be_name]";http-check expect string "2 POST /up www.test of s b=c2"'
chk c3 "$X ssl ca-file $T/ca.pem verifyhost srv.test check-sni srv.test alpn h2" 'http-check expect string "2 GET /up srv.test"'
chk c4 "$X ssl ca-file $T/ca.pem verifyhost srv.test check-sni srv.test alpn h2 check-proto h1" 'http-check expect string "1 GET /up"'
chk c5 "$A" "http-check connect port $P proto h2;http-check send meth GET uri /up;http-check expect hdr name x-role value primary;http-check expect string /up;http-check set-var(check.v) bc_http_major;http-check send meth GET uri /x;http-check expect on-success \"HTTP/%[var(check.v)]\" status 204"
chk c6 "$P check-proto h2" 'http-check send uri /tea'
chk c7 "$A check-proto h2" 'http-check expect status 200'
chk c8 "$P check-proto h2" 'http-check send uri /reject'
chk c9 "$P check-proto h2" 'http-check send meth HEAD uri /up;http-check expect status 200;http-check send meth GET uri /up;http-check expect rstring ^2'
sluice_start "$T/c.cfg"
said() { # backend "text": the log has said of its check
	wait_for 5 grep -qF "Health check for server $1/s $2" "$T/sluice.out" || fail "no '$2' of $1: $(grep "server $1/s" "$T/sluice.out" | head -3)"
}
t "check-proto h2, or the server's own protocol, is HTTP/2 with prior knowledge"
said c1 'succeeded, reason: Layer7 check passed, code: 200'
said c2 'succeeded, reason: Layer7 check passed, code: 200'
t "in TLS the server chooses, unless the protocol is given"
said c3 'succeeded, reason: Layer7 check passed, code: 200'
said c4 'succeeded, reason: Layer7 check passed, code: 200'
t "several requests on one connection, judged by head and body"
said c5 'succeeded, reason: Layer7 check passed, code: 204, info: "HTTP/2"'
said c9 'succeeded, reason: Layer7 check passed, code: 200'
t "a wrong status, another protocol, and a connection that ends are no answers"
said c6 'failed, reason: Layer7 wrong status, code: 418'
said c7 'failed, reason: Layer7 invalid response, info: "server speaks HTTP/1, not HTTP/2"'
said c8 'failed, reason: Layer7 invalid response, info: "'
