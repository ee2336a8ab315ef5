#!/usr/bin/env bash
# Expressions, formats and variables in checks, and the words that shape a verdict: what is found and what the log says, both as HAProxy has it.
. "$(dirname "$0")/../../lib/sluice.sh"

S=$(port) A=$(port) M=$(port) Q=$(port) RAW=$(port)
origin "$A" a
ORIGIN_RAW=1 origin "$RAW" raw
printf 'send "220 mail ready v7\\r\\n"\nwant "HELO 220 v7\\r\\n"\nsend "250 ok\\r\\n"\neof\n' >"$T/mail.txt"
origin "$M" mail -s "$T/mail.txt"
printf 'eof\n' >"$T/quiet.txt"
origin "$Q" quiet -s "$T/quiet.txt"
cat >"$T/c.cfg" <<X
global
  workers 1
  log stdout format raw local0
  node here
  set-var proc.motto str(keep)
defaults
  log global
  option log-health-checks
  timeout connect 20s
  timeout client 30s
  timeout server 30s
  timeout check 200ms
X
chk() { # name mode(http|tcp) port "lines"
	printf 'backend %s\n  mode %s\n  option %s\n  %s\n  server s 127.0.0.1:%s check inter 60ms fall 2 rise 1 init-state up\n' "$1" "$2" \
		"$([ "$2" = http ] && echo httpchk GET /x || echo tcp-check)" "${4//;/$'\n  '}" "$3" >>"$T/c.cfg"
}
# variables: from one answer into the next request, and between the checks of the service
chk h1 http "$A" 'http-check send meth GET uri /status/204 ver HTTP/1.1 hdr Host a;http-check set-var(check.o) res.hdr(x-origin);http-check expect status 204;http-check send meth POST uri-lf %[str(/echo)] ver HTTP/1.1 hdr Host a body-lf o=%[var(check.o)]&s=%[srv_name];http-check expect string o=a&s=s'
chk h2 http "$A" 'http-check set-var(check.a) str(zzz);http-check expect string-lf %[var(check.a)]'
chk h3 http "$A" 'http-check set-var-fmt(check.a) %[str(a)];http-check expect string-lf %[var(check.a)]'
chk h4 http "$A" 'http-check set-var(check.a) str(a);http-check unset-var(check.a);http-check expect on-success "[%[var(check.a)]]" status 200'
chk h5 http "$A" 'http-check set-var(proc.seen,ifnotset) str(yes);http-check expect on-success "%[var(proc.motto)] %[var(proc.seen)]" status 200'
chk h6 http "$RAW" 'http-check set-var(check.t) str(tok);http-check send meth PUT uri-lf /made-%[var(check.t)] ver HTTP/1.1 hdr Host a.b hdr X-Who "%s of %[be_name]" body-lf "at %[srv_id]"'
# verdicts and their words
chk v1 http "$A" 'http-check expect comment "why not" on-error "st=%[status] b=%b s=%s" status 201'
chk v2 http "$A" 'http-check expect on-success "st=%[status] o=%[res.hdr(x-origin)] %H" status 200'
chk v3 http "$A" 'http-check expect error-status L7OKC status 201'
chk v4 http "$A" 'http-check expect ok-status L7OKC status 200'
chk v5 http "$A" 'http-check expect error-status L4CON status-code int(77) status 201'
chk v6 http "$A" 'http-check expect status-code int(77) status 201'
chk v7 http "$Q" 'http-check expect tout-status L6TOUT status 200'
chk v8 http "$A" 'http-check expect hdr name -m beg x-ori value -m sub nope'
chk v9 http "$A" 'http-check expect hdr name -m beg X-Ori value-lf -m end %[str(a)]'
# tcp
chk t1 tcp "$M" 'tcp-check expect rstring ^220;tcp-check set-var(check.v) res.payload(0,0),word(4," "),rtrim(\r\n);tcp-check set-var(check.c) res.payload(0,3);tcp-check send-lf "HELO %[var(check.c)] %[var(check.v)]\r\n";tcp-check expect string-lf %[int(25)]0'
chk t2 tcp "$M" 'tcp-check expect on-error "got %[res.payload(0,0)]" status-code res.payload(0,3) ! string 220'
chk t3 tcp "$M" 'tcp-check expect on-success "got %[res.payload(4,4)]" status-code res.payload(0,3) string 220'
chk t4 tcp "$M" 'tcp-check expect error-status L7STS min-recv 0 string 999'
chk t5 tcp "$M" 'tcp-check connect comment cc;tcp-check expect string 220;tcp-check connect port 1 comment dd'
chk t6 tcp "$Q" "tcp-check set-var(check.p) int($M);tcp-check connect port var(check.p);tcp-check expect string-lf 22%[int(0)]"
chk t7 tcp "$M" 'tcp-check expect binary-lf %[str(mail),hex];tcp-check send-binary-lf "%[str(HELO 220 v7),hex]0d0a";tcp-check comment "the end";tcp-check expect string 251'
chk t8 tcp "$M" 'tcp-check send-binary-lf %[str(HELO),hex]0z'
chk t9 tcp "$Q" 'tcp-check expect tout-status L4TOUT comment slow string x'
cat >>"$T/c.cfg" <<X
frontend state
  mode http
  bind 127.0.0.1:$S
  http-request return status 200
X
sluice_start "$T/c.cfg"
said() { # backend "text": the log has said of its check
	wait_for 5 grep -qF "Health check for server $1/s $2" "$T/sluice.out" || fail "no '$2' of $1: $(grep "server $1/s" "$T/sluice.out" | head -3)"
}

t "what a response says goes into the next request, with the names of server and backend"
said h1 'succeeded, reason: Layer7 check passed, code: 200'
wait_for 5 grep -qE 'raw conn=[0-9]+ PUT /made-tok HTTP/1\.1\\r\\nHost: a\.b\\r\\nX-Who: s of h6\\r\\n.*Content-Length: 4\\r\\n\\r\\nat 1$' "$T/origin.raw.log" || fail "$(grep PUT "$T/origin.raw.log" | head -1)"
t "a body is compared with what a format gives"
said h2 'failed, reason: Layer7 invalid response, info: "HTTP content check did not match"'
said h3 'succeeded, reason: Layer7 check passed, code: 200, check'
t "a variable that was unset has no value; scope proc is that of the service"
said h4 'succeeded, reason: Layer7 check passed, code: 200, info: "[]"'
said h5 'succeeded, reason: Layer7 check passed, code: 200, info: "keep yes"'
t "on-error and on-success say what their format gives"
said v1 'failed, reason: Layer7 wrong status, code: 200, info: "st=200 b=v1 s=s comment: why not"'
said v2 'succeeded, reason: Layer7 check passed, code: 200, info: "st=200 o=a here"'
t "ok-status, error-status, tout-status and status-code make the verdict"
said v3 'conditionally succeeded, reason: Layer7 check conditionally passed, code: 200, info: "OK"'
said v4 'conditionally succeeded, reason: Layer7 check conditionally passed, code: 200, check'
said v5 'failed, reason: Layer4 connection problem, info: "OK"'
said v6 'failed, reason: Layer7 wrong status, code: 77, info: "OK"'
said v7 'failed, reason: Layer6 timeout, check duration'
t "names and values of headers are matched by beginning, end, part and format"
said v8 'failed, reason: Layer7 wrong status, code: 200, info: "OK"'
said v9 'succeeded, reason: Layer7 check passed, code: 200, check'
t "what a server has said goes into what is sent and expected"
said t1 'succeeded, reason: Layer7 check passed, code: 0, info: "(tcp-check)"'
said t2 'failed, reason: Layer7 invalid response, info: "got 220 mail ready v7<0D><0A>"'
said t3 'succeeded, reason: Layer7 check passed, code: 220, info: "got mail"'
t "min-recv 0 does not wait for more"
said t4 "failed, reason: Layer7 wrong status, code: 0, info: \"TCPCHK did not match content '999' at step 1\""
t "the port of a connection may be a variable; a connection that fails names its step"
said t5 "failed, reason: Layer4 connection problem, info: \"Connection refused at step 3 of tcp-check (connect port 1) comment: 'dd'\""
said t6 'succeeded, reason: Layer7 check passed'
t "formats in hexadecimal are bytes, or an error where they are none; a comment line belongs to the next step"
said t7 "failed, reason: Layer7 timeout, info: \" at step 3 of tcp-check (expect string '251') comment: 'the end'\""
said t8 'failed, reason: Layer7 invalid response, info: "tcp-check send : failed to build log-format string at step 1"'
said t9 "failed, reason: Layer4 timeout, info: \" at step 1 of tcp-check (expect string 'x') comment: 'slow'\""
