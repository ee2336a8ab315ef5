#!/usr/bin/env bash
# TLS towards servers: who is believed, which name is asked for, what resumes, and that nothing in the clear gets through.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port) N=$(port) J=$(port) X=$(port) A=$(port) AP=$(port)
ca ca; ca other
cert a.test DNS:a.test; cert b.test DNS:b.test; cert foreign DNS:a.test other; cert client DNS:client; cert self DNS:127.0.0.1
openssl x509 -req -in "$T/self.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial -days 9 -extfile <(echo subjectAltName=IP:127.0.0.1) \
	-out "$T/ip.crt" 2>/dev/null
mkdir -p "$T/ng"
cat >"$T/ng/nginx.conf" <<E2
worker_processes 1; daemon off; pid $T/ng/pid; error_log $T/ng/err; user root;
events { }
http { access_log $T/ng/access; keepalive_timeout 60; client_body_temp_path $T/ng; proxy_temp_path $T/ng; fastcgi_temp_path $T/ng;
  uwsgi_temp_path $T/ng; scgi_temp_path $T/ng; ssl_session_cache shared:s:1m; ssl_session_tickets on;
  map \$ssl_client_s_dn \$who { default "\$ssl_client_s_dn"; "" nobody; }
  server { listen 127.0.0.1:$N ssl default_server; server_name a.test; ssl_certificate $T/a.test.crt; ssl_certificate_key $T/a.test.k;
    ssl_client_certificate $T/ca.pem; ssl_verify_client optional;
    location / { return 200 "a sni=\$ssl_server_name host=\$host proto=\$ssl_protocol reused=\$ssl_session_reused alpn=\$ssl_alpn_protocol client=\$who conn=\$connection \n"; } }
  server { listen 127.0.0.1:$N ssl; server_name b.test; ssl_certificate $T/b.test.crt; ssl_certificate_key $T/b.test.k;
    location / { return 200 "b sni=\$ssl_server_name reused=\$ssl_session_reused conn=\$connection\n"; } }
  server { listen 127.0.0.1:$AP ssl proxy_protocol; ssl_certificate $T/a.test.crt; ssl_certificate_key $T/a.test.k;
    location / { return 200 "proxied for \$proxy_protocol_addr\n"; } }
  server { listen 127.0.0.1:$X ssl; ssl_certificate $T/foreign.crt; ssl_certificate_key $T/foreign.k; location / { return 200 "foreign\n"; } }
  server { listen 127.0.0.1:$A ssl; ssl_certificate $T/ip.crt; ssl_certificate_key $T/self.k; location / { return 200 "address\n"; } }
}
E2
nginx -p "$T/ng" -e "$T/ng/err" -c "$T/ng/nginx.conf" 2>/dev/null &
PIDS+=($!)
wait_for 10 listening "$A"
printf 'send "HTTP/1.1 200 OK\\r\\nContent-Length: 8\\r\\n\\r\\nINJECTED"\nsleep 3\n' >"$T/inject.script"
origin "$J" inject -s "$T/inject.script"
cat >"$T/sluice.cfg" <<E2
global
  workers 1
  stats socket $T/sock level admin
  log stdout format raw local0
  ca-base $T
defaults
  mode http
  log global
  option httplog
  retries 0
  timeout connect 5s
  timeout client 10s
  timeout server 5s
frontend f
  bind 127.0.0.1:$P
  use_backend %[path,field(2,/)]
backend auto
  http-reuse always
  server s 127.0.0.1:$N ssl ca-file ca.pem
backend fixed
  server s 127.0.0.1:$N ssl ca-file ca.pem sni str(a.test)
backend insni
  server s 127.0.0.1:$N ssl verify none sni req.hdr(x-name)
backend wrongname
  server s 127.0.0.1:$N ssl ca-file ca.pem sni str(a.test) verifyhost c.test
backend foreign
  server s 127.0.0.1:$X ssl ca-file ca.pem sni str(a.test)
backend blind
  server s 127.0.0.1:$X ssl verify none
backend address
  server s 127.0.0.1:$A ssl ca-file ca.pem no-sni-auto verifyhost 127.0.0.1
backend cert
  server s 127.0.0.1:$N ssl ca-file ca.pem sni str(a.test) crt $T/client.pem alpn http/1.1
backend full
  http-reuse never
  server s 127.0.0.1:$N ssl verify none no-sni-auto no-ssl-reuse
backend close
  option httpclose
  server s 127.0.0.1:$N ssl verify none sni req.hdr(x-name)
backend proxy
  server s 127.0.0.1:$AP ssl verify none send-proxy
backend inject
  server s 127.0.0.1:$J ssl verify none
backend nossl
  server s 127.0.0.1:$J
backend plainport
  server s 127.0.0.1:$J ssl verify none
backend old
  server s 127.0.0.1:$N ssl verify none force-tlsv12
backend checked
  timeout check 20s
  server good 127.0.0.1:$N ssl ca-file ca.pem check-sni a.test check inter 200ms fall 1
  server bad 127.0.0.1:$X ssl ca-file ca.pem check inter 200ms fall 1
  server clear 127.0.0.1:$N check port $J inter 200ms ssl verify none fall 1
  server alone 127.0.0.1:$J check port $N inter 200ms check-ssl verify none fall 1
E2
sluice_start "$T/sluice.cfg"
u=http://127.0.0.1:$P

t "the name asked for is that of the Host header, and the certificate must be for it"
match 'a sni=a.test host=a.test' "$(http -H 'Host: a.test:444' $u/auto/)"
match 'b sni=b.test' "$(http -H 'Host: b.test' $u/auto/)"
is 503 "$(code -H 'Host: c.test' $u/auto/)"

t "a connection that asked for one name serves no request for another"
a=$(http -H 'Host: a.test' $u/auto/) b=$(http -H 'Host: b.test' $u/auto/)
match '^a ' "$a"; match '^b ' "$b"
is "${a##*conn=}" "$(http -H 'Host: a.test' $u/auto/ | sed 's/.*conn=//')"

t "a server whose certificate is by another CA, or for another name, gets nothing"
is 503 "$(code $u/foreign/)"
is 503 "$(code $u/wrongname/)"
match 'a sni=a.test' "$(http -H "Host: a.test" $u/fixed/)"

t "verify none believes anybody, verifyhost may be an address"
is foreign "$(http $u/blind/)"
is address "$(http $u/address/)"

t "our certificate and our protocols are shown to the server"
match 'client=CN=client,O=sluice test' "$(http -H "Host: a.test" $u/cert/)"
match 'alpn=http/1.1' "$(http -H "Host: a.test" $u/cert/)"

t "a second connection to the same name resumes the session of the first, one to another name does not"
match 'reused=\.' "$(http -H 'Host: a.test' -H 'x-name: a.test' $u/close/)"
match 'reused=r' "$(http -H 'Host: a.test' -H 'x-name: a.test' $u/close/)"
match 'b sni=b.test reused=\.' "$(http -H 'Host: b.test' -H 'x-name: b.test' $u/close/)"
match 'reused=r' "$(http -H 'Host: a.test' -H 'x-name: a.test' $u/close/)"
for _ in 1 2 3; do match 'reused=\.' "$(http -H "Host: a.test" $u/full/)"; done

t "a PROXY header goes in the clear before the handshake"
is 'proxied for 127.0.0.1' "$(http $u/proxy/)"

t "bytes that a server sends in the clear before its handshake reach nobody"
nomatch INJECTED "$(http -i $u/inject/)"
is 503 "$(code $u/inject/)"

t "the version can be forced"
match 'proto=TLSv1.2' "$(http -H "Host: a.test" $u/old/)"

t "checks use TLS as the server does, unless they go to another port"
wait_for 5 grep -q 'Server checked/bad is DOWN, reason: Layer6 invalid response' "$T/sluice.out"
nomatch 'checked/(good|alone|clear) is DOWN' "$(cat "$T/sluice.out")"

t "an operator switches the TLS of a server off and on, and a reload keeps it"
ask() { echo "$1" | socat -t 10 - "UNIX-CONNECT:$T/sock"; }
match "^a sni=a.test" "$(http -H "Host: a.test" "http://127.0.0.1:$P/fixed")"
is "" "$(ask "set server fixed/s ssl off" | tr -d '\n')"
in_clear() { [ "$(code -H "Host: a.test" "http://127.0.0.1:$P/fixed")" = 400 ]; } # nginx: a plain request on a TLS port
wait_for 5 in_clear
match "Success=1" "$(ask reload)"
in_clear || fail "TLS is back"
match "server s 127.0.0.1:$N .* no-ssl" "$(ask "save config" | grep -A2 '^backend fixed')"
is "" "$(ask "set server fixed/s ssl on" | tr -d '\n')"
in_tls() { [[ $(http -H "Host: a.test" "http://127.0.0.1:$P/fixed") =~ ^a\ sni=a.test ]]; }
wait_for 5 in_tls
match "expects 'on' or 'off'" "$(ask "set server fixed/s ssl perhaps")"
match "default-server should define ssl settings" "$(ask "set server nossl/s ssl on")"
