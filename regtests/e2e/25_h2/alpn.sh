#!/usr/bin/env bash
# HTTP/2 over TLS: what ALPN settles with clients and with servers.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -keyout "$T/key" -out "$T/crt" 2>"$T/null"
cat "$T/crt" "$T/key" >"$T/pem"
cat >"$T/cfg" <<E
global
  workers 1
defaults
  mode http
  timeout connect 5s
  timeout client 8s
  timeout server 8s
frontend in
  bind 127.0.0.1:$P ssl crt $T/pem
  http-request return status 200 content-type text/plain lf-string "%[fc_http_major] %[ssl_fc_alpn]" if { path /who }
  use_backend one if { path_beg /h1 }
  default_backend two
backend one
  server s 127.0.0.1:$Q ssl verify none alpn http/1.1
backend two
  server s 127.0.0.1:$Q ssl verify none alpn h2,http/1.1
frontend origin
  bind 127.0.0.1:$Q ssl crt $T/pem alpn h2,http/1.1
  http-after-response set-header x-major %[fc_http_major]
  default_backend o
backend o
  server o 127.0.0.1:$O
E
origin "$O" one
sluice_start "$T/cfg"
get() { http -k "$@"; }

t "a client that offers h2 gets it, one that does not gets HTTP/1"
is "2 h2" "$(get --http2 "https://127.0.0.1:$P/who")"
is "1 http/1.1" "$(get --http1.1 "https://127.0.0.1:$P/who")"
is "1 " "$(get --no-alpn "https://127.0.0.1:$P/who")"
t "a server is spoken to as it has chosen"
match 'x-major: 2' "$(get -i "https://127.0.0.1:$P/")"
match 'x-major: 1' "$(get -i "https://127.0.0.1:$P/h1")"
t "bodies of any length pass both ways"
head -c 3000000 /dev/urandom >"$T/big"
for v in --http1.1 --http2; do
	get $v --data-binary @"$T/big" -o "$T/back" "https://127.0.0.1:$P/echo"
	cmp "$T/big" "$T/back"
done
t "many requests at once"
match '1000 succeeded, 0 failed' "$(h2load -n 1000 -c 4 -m 20 "https://127.0.0.1:$P/size/3000")"
