#!/usr/bin/env bash
# Fetches and converters that need a running process: bodies, addresses, timers, tokens, captures.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) O=$(port) L=$(port) R=$(port) B=$(port)
origin "$O" a
origin "$B" rdp -e
socat -u "UDP-RECVFROM:$L,bind=127.0.0.1,fork" "SYSTEM:cat >>$T/log; echo >>$T/log" & PIDS+=($!)
openssl genrsa -out "$T/key.pem" 2048 2>/dev/null
openssl rsa -in "$T/key.pem" -pubout -out "$T/pub.pem" 2>/dev/null
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log 127.0.0.1:$L local0
defaults
  timeout connect 2s
  timeout client 5s
  timeout server 7s
frontend f
  mode http
  bind 127.0.0.1:$P name main
  log global
  declare capture request len 20
  declare capture response len 20
  log-format "%hr %hs tr=%TR tq=%[req.timer.hdr] tc=%Tc/%[bc.timer.connect] ta=%[txn.timer.total]/%Ta in=%U/%[bytes_in] ts=%[txn.sess_term_state] rule=%[last_rule_line] st=%[txn.status]"
  option http-buffer-request
  http-request set-var(txn.tok) http_auth_bearer
  http-request set-var(txn.ok) var(txn.tok),jwt_verify(RS256,$T/pub.pem)
  http-request return status 401 if { path /token } !{ var(txn.ok) -m int 1 }
  http-request return content-type text/plain lf-string '%[var(txn.tok),jwt_payload_query($.sub)]' if { path /token }
  http-request return content-type text/plain lf-string "%[fc_src] %[fc_dst_port] %[so_name] %[so_id] %[fe_client_timeout] %[be_server_timeout] %[fe_defbe] %[proc] %[fc_src_is_local]" if { path /who }
  http-request return content-type text/plain lf-string "%[fc_rtt(us),bool] %[fc_retrans] %[fc_rcvd_proxy] %[fc_http_major] %[http_first_req]" if { path /tcp }
  http-request return content-type text/plain lf-string "%[date] %[accept_date(ms)] %[request_date]" if { path /date }
  http-request set-var(txn.p) path,capture-req(0)
  default_backend b
backend b
  mode http
  http-request return content-type text/plain lf-string '%[req.body,json_query($.user.name)] %[req.body_len] %[req.body_size]' if { path /json }
  http-request return content-type text/plain lf-string "%[req.body_param(q)]" if { path /form }
  http-request return content-type text/plain lf-string "%[str(b),nbsrv] %[str(b/a),srv_queue] %[srv_conn_free(b/a)] %[srv_iweight(b/a)] %[be_conn_free]" if { path /be }
  http-response set-header X-Sum "%[str(abc),sha2(256),hex,lower,bytes(0,8)]"
  http-response set-header X-Bc "%[bc_dst]:%[bc_dst_port] %[bc_src]"
  http-response set-header X-Size "%[res.body_size]"
  http-response set-header X-Cap "%[capture.res.ver,capture-res(0)]"
  server a 127.0.0.1:$O maxconn 5 weight 3
frontend rdp
  mode tcp
  bind 127.0.0.1:$R
  tcp-request inspect-delay 3s
  tcp-request content reject unless RDP_COOKIE
  tcp-request content accept
  use_backend echo if { req.rdp_cookie(mstshash) -m str joe }
backend echo
  mode tcp
  server r 127.0.0.1:$B
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

b64url() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
token() { # payload
	local h p; h=$(printf '{"alg":"RS256"}' | b64url); p=$(printf '%s' "$1" | b64url)
	echo "$h.$p.$(printf '%s.%s' "$h" "$p" | openssl dgst -sha256 -sign "$T/key.pem" | b64url)"
}
t "a signed token passes and its fields are read, a changed one and none do not"
tok=$(token '{"sub":"joe"}')
is joe "$(http -H "Authorization: Bearer $tok" "$U/token")"
is 401 "$(code -H "Authorization: Bearer ${tok%.*}.$(printf x | b64url)" "$U/token")"
is 401 "$(code "$U/token")"
t "fields of JSON and form bodies"
is "ann 42 42" "$(http -d '{"n":[1,2,{}],"user":{"name":"ann"},"x":1}' "$U/json")"
is "a b" "$(http -d 'x=1&q=a b' "$U/form")"
t "addresses, names and limits of listener, frontend and backend"
is "127.0.0.1 $P main 1 5000 7000 b 1 1" "$(http "$U/who")"
is "1 0 0 1 1" "$(http "$U/tcp")"
is "1 0 5 3 5" "$(http "$U/be")"
t "dates agree with each other"
read -r d a r <<<"$(http "$U/date")"
[ $((d - a / 1000)) -le 5 ] && [ $((d - r)) -le 5 ] && [ "$d" -ge 1600000000 ] || fail "$d $a $r"
t "converters in responses: digests, sizes, captures"
out=$(http -i "$U/size/1234" | tr -d '\r' | head -20)
match 'X-Sum: ba7816bf' "$out"; match 'X-Size: 1234' "$out"; match 'X-Cap: HTTP/1.1' "$out"; match "X-Bc: 127.0.0.1:$O 127.0.0.1" "$out"
t "timers, bytes and rules in the log are those of the aliases"
wait_for 5 grep -q '/size/1234' "$T/log"
l=$(grep '/size/1234' "$T/log")
match 'tc=(-?[0-9]+)/(-?[0-9]+) ta=([0-9]+)/([0-9]+) in=([0-9]+)/([0-9]+) ts=---- ' "$l"
is "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"; is "${BASH_REMATCH[3]}" "${BASH_REMATCH[4]}"; is "${BASH_REMATCH[5]}" "${BASH_REMATCH[6]}"
match "st=200" "$l"; match '\{HTTP/1.1\}' "$l"
n=$(grep -n 'path /who' "$T/c.cfg" | cut -d: -f1)
wait_for 5 grep -q "ts=LR-- rule=$n " "$T/log"
t "layer 4: the cookie of RDP decides, in however many pieces it comes"
is "joe" "$({ printf '\3\0\0\x2a\x25\xe0\0\0\0\0\0Coo'; sleep 0.2; printf 'kie: mstshash=joe\r\n'; sleep 0.2; } | socat -t 2 - "TCP:127.0.0.1:$R" | tr -d '\0' | grep -ao joe)"
is "" "$(printf 'GET / HTTP/1.1\r\n\r\n' | socat -t 2 - "TCP:127.0.0.1:$R" 2>/dev/null || true)"
