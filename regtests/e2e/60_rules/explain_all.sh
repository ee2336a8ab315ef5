#!/usr/bin/env bash
# `explain` word for word: HTTP/2 and WebSocket on either side, the draws of chance, lines of maps and lists. The runtime socket says the same
# as the command line, and what was changed at run time.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) R=$(port)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/key" -out "$T/crt" -days 30 -subj /CN=shop.test 2>/dev/null
cat "$T/crt" "$T/key" >"$T/a.pem"
printf '# hosts\n\nwww.a.test b1\na.test ws\n' >"$T/hosts"
printf '10.0.0.0/8\n\n192.0.2.0/24\n' >"$T/bad"
cat >"$T/cfg" <<E
global
    stats socket $T/sock level admin
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend web
    bind 127.0.0.1:$P
    bind 127.0.0.1:$Q ssl crt $T/a.pem
    bind 127.0.0.1:$R proto h2
    http-request set-header X-V %[req.ver]/%[fc_http_major]
    http-request deny if { src -f $T/bad } !{ hdr(x-v) 1.1/1 }
    use_backend %[hdr(host),host_only,map_end($T/hosts)] if { hdr(upgrade) websocket }
    default_backend b1
backend b1
    server s1 10.0.0.1:80
    server s2 10.0.0.2:80 proto h2
    server s3 10.0.0.3:80 weight 2
backend ws
    balance random
    server w1 10.0.1.1:443 ssl verify none alpn h2,http/1.1 ws h2
backend auto
    server w1 10.0.1.1:443 ssl verify none alpn h2,http/1.1
    server w2 10.0.1.2:443 ssl verify none alpn h2 backup
E
plain() { sed "s,$T,T,g;s,:$P,:P,g;s,:$Q,:Q,g;s,:$R,:R,g;/^note /d"; }
said() { "$SLUICE" explain -f "$T/cfg" "$@" | plain; }
sluice_start "$T/cfg"
ask() { printf '%s\n' "$1" | socat -t 5 stdio "unix:$T/sock" | plain; }

t "HTTP/2 in the clear, two draws, and a list that refuses"
out=$(said http://h:$P/ --proto h2 --seed 7)
diff - <(echo "$out") <<'E' || fail "another explanation"
request   GET http://h:P/  from 127.0.0.1
bind      127.0.0.1:P  [T/cfg:9]
frontend  web  [T/cfg:8]
protocol  HTTP/2: the first bytes are its preface
rules
    http-request set-header X-V  [T/cfg:12] always
    http-request deny 403 if { src -m ip -f T/bad } !{ hdr(x-v) -m str 1.1/1 }  [T/cfg:13] false
        { src -m ip -f T/bad }: no match; src is 127.0.0.1
        !{ hdr(x-v) -m str 1.1/1 }: no match; hdr(x-v) is "2.0/2"
route
    use_backend (no such backend) if { hdr(upgrade) -m str websocket }  [T/cfg:14] false
        { hdr(upgrade) -m str websocket }: no match; hdr(upgrade) has no value
    default_backend b1
backend   b1  [T/cfg:16]
servers   3 of 3 usable
    s1 10.0.0.1:80 UP, weight 1, in flight 0, cost 0.000
    s2 10.0.0.2:80 UP, weight 1, in flight 0, cost 0.000
    s3 10.0.0.3:80 UP, weight 2, in flight 0, cost 0.000
pick      b1/s3  [T/cfg:19]
drawn     s3, cost 0.000; s1, cost 0.000
because   two random servers, the lower in-flight/weight wins; the default: it costs as much as what else was drawn, and came first
connect   HTTP/1.1
E
t "the runtime socket says the same"
is "$out" "$(ask "explain http://h:$P/ --proto h2 --seed 7")"
t "a WebSocket over HTTP/2 by ALPN, routed by the line of a map"
out=$(said https://a.test:$Q/chat --proto h2 --upgrade websocket)
diff - <(echo "$out" | grep -v 'server  ') <<'E' || fail "another explanation"
request   GET https://a.test:Q/chat  from 127.0.0.1
bind      127.0.0.1:Q  [T/cfg:10]
frontend  web  [T/cfg:8]
tls       server name a.test, certificate T/a.pem
protocol  HTTP/2: ALPN chose h2 of h2,http/1.1
rules
    http-request set-header X-V  [T/cfg:12] always
    http-request deny 403 if { src -m ip -f T/bad } !{ hdr(x-v) -m str 1.1/1 }  [T/cfg:13] false
        { src -m ip -f T/bad }: no match; src is 127.0.0.1
        !{ hdr(x-v) -m str 1.1/1 }: no match; hdr(x-v) is "2.0/2"
route
    use_backend ws if { hdr(upgrade) -m str websocket }  [T/cfg:14] true
        { hdr(upgrade) -m str websocket }: match; hdr(upgrade) is "websocket"
          T/hosts:4 a.test ws
backend   ws  [T/cfg:20]
servers   1 of 1 usable
    w1 10.0.1.1:443 UP, weight 1, in flight 0, cost 0.000
pick      ws/w1  [T/cfg:22]
drawn     w1, cost 0.000; w1 again
because   the least loaded of n servers drawn by weight, n = 2 unless given: nothing else was drawn
connect   TLS, server name a.test, HTTP/2, for a WebSocket; the WebSocket goes as an extended CONNECT (RFC 8441)
E
t "the same over HTTP/1.1, and a server that chooses by ALPN"
match "hdr\(x-v\) is \"1.1/1\"" "$(said http://a.test:$P/chat --upgrade websocket)"
out=$(said http://x:$P/ --upgrade websocket --header 'Host: none')
match "hosts has no entry for it" "$out"
sed "s/default_backend b1/default_backend auto/" "$T/cfg" >"$T/auto"
out=$("$SLUICE" explain -f "$T/auto" "http://x:$P/")
match "connect   TLS, server name x, the protocol that the server chooses of h2,http/1.1" "$out"
match "connect   TLS, server name x, HTTP/1.1, for a WebSocket; the WebSocket goes as an upgrade" "$("$SLUICE" explain -f "$T/auto" "http://x:$P/" --upgrade websocket)"
sed 's/verify none alpn h2,http.1.1$/verify none proto h2/' "$T/auto" >"$T/h2"
match "connect   TLS, server name x, HTTP/2, as its line says" "$("$SLUICE" explain -f "$T/h2" "http://x:$P/")"
t "the line of a list that refuses; what it is not asked for is left out"
out=$(said http://h:$P/ --src 192.0.2.9 --proto h2)
match "T/bad:3 192.0.2.0/24" "$out"; match "answer +403" "$out"
t "a client and a listener that know no common protocol part"
match "protocol  HTTP/2: the bind line says proto h2"$'\n'"closed    the client speaks HTTP/1 only" "$(said http://h:$R/ --proto h1)"
match "ALPN finds nothing in common with spdy/3" "$(said https://h:$Q/ --alpn spdy/3)"
match "the client offers nothing by ALPN" "$(said https://h:$Q/)"
match "closed    the stream is reset: HTTP/2 has no header 'Keep-Alive'" "$(said http://h:$R/ --header 'Keep-Alive: x')"
match "hdr\(x-v\) is \"2.0/2\"" "$(said http://h:$R/ --header 'TE: trailers')"
t "what was changed at run time is told from what the file says"
ask "set map $T/hosts a.test b1" >/dev/null; ask "add map $T/hosts new.test ws" >/dev/null; ask "add acl $T/bad 127.0.0.1" >/dev/null
out=$(ask "explain http://a.test:$P/ --upgrade websocket")
match "T/hosts:4 a.test b1 \(entry 0x[0-9a-f]+, its value was set at run time\)" "$out"; match "use_backend b1 " "$out"
match "T/bad entry 0x[0-9a-f]+, added at run time: 127.0.0.1" "$out"
ref=$(ask "show map $T/hosts" | awk '/new.test/ {print $1}')
match "T/hosts entry $ref, added at run time: new.test ws" "$(ask "explain http://new.test:$P/ --upgrade websocket")"
t "a file that is another by now is not believed"
echo "a.test b1" >>"$T/hosts"
match "T/hosts entry 0x[0-9a-f]+: a.test b1" "$(ask "explain http://a.test:$P/ --upgrade websocket")"
