#!/usr/bin/env bash
# tcp-response content in mode tcp: what a server says first decides whether the client gets it.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) G=$(port) B=$(port) S=$(port) L=$(port)
printf 'send "220 ready\\r\\n"\nsleep 300\nfin\n' >"$T/good"
printf 'send "220"\nsleep 200\nsend " split ready\\r\\n"\nsleep 300\nfin\n' >"$T/split"
printf 'send "554 go away\\r\\n"\nsleep 300\nfin\n' >"$T/bad"
printf 'sleep 3000\nfin\n' >"$T/silent"
origin "$G" good -s "$T/good"; origin "$B" bad -s "$T/bad"; origin "$S" split -s "$T/split"
M=$(port); origin "$M" silent -s "$T/silent"
socat -u "UDP-RECVFROM:$L,bind=127.0.0.1,fork" "SYSTEM:cat >>$T/log; echo >>$T/log" & PIDS+=($!)
R=$(port) U=$(port)
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
  log 127.0.0.1:$L local0
defaults
  mode tcp
  log global
  log-format "%ft %ts %[var(txn.code)]"
  timeout connect 2s
  timeout client 5s
  timeout server 5s
$(i=0; for p in "$P:$G" "$Q:$B" "$R:$S" "$U:$M"; do i=$((i + 1)); cat <<EOF
frontend f$i
  bind 127.0.0.1:${p%:*}
  default_backend b$i
backend b$i
  tcp-response inspect-delay 600ms
  tcp-response content set-var(txn.code) res.payload(0,3) if { res.len ge 9 }
  tcp-response content reject unless { res.payload(0,9),bytes(0,3) -m str 220 }
  server s 127.0.0.1:${p#*:}
EOF
done)
EOC
K=$(port) KH=$(port) O=$(port) KO=$(port)
printf 'send "220 ready\\r\\n"\nsleep 5000\nfin\n' >"$T/stays"
origin "$KO" stays -s "$T/stays"; origin "$O" web
cat >>"$T/c.cfg" <<EOC
listen f5
  bind 127.0.0.1:$K
  tcp-response inspect-delay 600ms
  tcp-response content set-var(txn.code) res.payload(0,3) if { res.len ge 9 }
  tcp-response content close if { var(txn.code) -m str 220 }
  server s 127.0.0.1:$KO
listen f6
  mode http
  bind 127.0.0.1:$KH
  http-reuse always
  tcp-response content close if { path /close }
  server s 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
hold() { { sleep 1; } | socat -t 1 -T 4 - "TCP:127.0.0.1:$1" 2>/dev/null | tr -d '\r' || true; }

t "a greeting that rules accept passes, in one piece or two"
is "220 ready" "$(hold "$P")"; is "220 split ready" "$(hold "$R")"
t "one that they reject never reaches the client"
is "" "$(hold "$Q")"
wait_for 5 grep -q '^.*f2 PD 554' "$T/log"
t "a server that says nothing is judged by the end of inspect-delay"
is "" "$(hold "$U")"
wait_for 5 grep -q 'f4 PD' "$T/log"
t "close lets pass what has come and ends the connection to the server"
is "220 ready" "$(hold "$K")"
wait_for 2 grep -q 'f5 -- 220' "$T/log"
t "of HTTP, what the server has not sent is missing, and the connection is not used again"
conns() { grep -oE 'conn=[0-9]+' "$T/origin.web.log" | sort -u | wc -l; }
is 200 "$(code "http://127.0.0.1:$KH/")"; is 200 "$(code "http://127.0.0.1:$KH/")"
was=$(conns)
code "http://127.0.0.1:$KH/close" >/dev/null
is 200 "$(code "http://127.0.0.1:$KH/")"
is $((was + 1)) "$(conns)"
