#!/usr/bin/env bash
# The command line without a running service: check, conditions, formatting, versions.
. "$(dirname "$0")/../../lib/sluice.sh"

cat >"$T/bad.cfg" <<'E'
defaults
    mode http
    timeout connect 20s
    timeout client 30s
    timeout server 30s
frontend web
    bind 127.0.0.1:1234
    default_backend sit
backend site
    balance leastcon
    server s1 127.0.0.1:80 chek
E
t "-c on a broken file exits 1 and reports every error with line, column, caret and hint"
if "$SLUICE" -c -f "$T/bad.cfg" 2>"$T/err"; then fail "accepted"; else is 1 $?; fi
match "bad.cfg:8:21: error: .*\(did you mean 'site'\?\)" "$(cat "$T/err")"
match "bad.cfg:10:13: error: .*\(did you mean 'leastconn'\?\)" "$(cat "$T/err")"
match "bad.cfg:11:28: error: .*\(did you mean 'check'\?\)" "$(cat "$T/err")"
match "\^~~~" "$(cat "$T/err")"
t "a missing file is named"
if "$SLUICE" -c -f "$T/none.cfg" 2>"$T/err"; then fail "accepted"; fi
match "none.cfg" "$(cat "$T/err")"
t "-cc evaluates a condition"
"$SLUICE" -cc 'version_atleast(2.4) && !streq(a,b)'
if "$SLUICE" -cc 'streq(a,b)'; then fail "true"; else is 1 $?; fi
t "fmt is idempotent and keeps the meaning"
"$SLUICE" fmt "$ROOT/examples/l7-routing.cfg" >"$T/f1"
cp "$T/f1" "$T/f1.cfg"; "$SLUICE" fmt "$T/f1.cfg" | cmp - "$T/f1"
"$SLUICE" -c -f "$T/f1.cfg"
t "the haproxy.cfg of the distribution's shape loads unchanged"
cat >"$T/haproxy.cfg" <<'E'
global
	log /dev/log	local0
	log /dev/log	local1 notice
	chroot /var/lib/haproxy
	stats socket /run/haproxy/admin.sock mode 660 level admin
	stats timeout 30s
	user haproxy
	group haproxy
	daemon

	# Default SSL material locations
	ca-base /etc/ssl/certs
	crt-base /etc/ssl/private

	# See: https://ssl-config.mozilla.org/#server=haproxy&server-version=2.0.3&config=intermediate
        ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256
        ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
        ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets

defaults
	log	global
	mode	http
	option	httplog
	option	dontlognull
        timeout connect 5000
        timeout client  50000
        timeout server  50000
E
# where the package is not installed, its user does not exist
getent passwd haproxy >/dev/null || sed -i 's/user haproxy/user nobody/; s/group haproxy/group nogroup/' "$T/haproxy.cfg"
"$SLUICE" -c -f "$T/haproxy.cfg" 2>"$T/err" || { cat "$T/err" >&2; fail "refused"; }
t "dump shows the compiled tables"
match "backend" "$("$SLUICE" dump -f "$ROOT/examples/l7-routing.cfg")"
t "-v and -vv name the version, the algorithms and the pollers"
match "sluice" "$("$SLUICE" -v)"
match "leastconn" "$("$SLUICE" -vv)"; match "epoll" "$("$SLUICE" -vv)"
t "an unknown switch prints the usage and exits 1"
if "$SLUICE" --no-such-thing >/dev/null 2>"$T/err"; then fail "accepted"; else is 1 $?; fi
match "[Uu]sage" "$(cat "$T/err")"
