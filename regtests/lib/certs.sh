# shellcheck shell=bash
# Certificates for the tests of TLS, made in $T.
#   ca NAME                            NAME.pem, NAME.key
#   cert NAME SAN [CA] [rsa|ec] [DAYS] NAME.pem with certificate and key; SAN as openssl writes it: DNS:a,DNS:*.a
#   tls12, tls13                       arguments of s_client;  hs PORT [args]  one handshake: what openssl says about it
#   https PORT HOST PATH [curl args]   a request that trusts ca.pem
ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -keyout "$T/$1.key" -out "$T/$1.pem" \
		-subj "/CN=$1" 2>/dev/null
}
cert() {
	local n=$1 san=$2 by=${3:-ca} key=(ec -pkeyopt ec_paramgen_curve:prime256v1)
	[ "${4:-ec}" = ec ] || key=(rsa:2048)
	openssl req -newkey "${key[@]}" -nodes -keyout "$T/$n.k" -out "$T/$n.csr" -subj "/O=sluice test/CN=$n" 2>/dev/null
	openssl x509 -req -in "$T/$n.csr" -CA "$T/$by.pem" -CAkey "$T/$by.key" -CAcreateserial -days "${5:-30}" \
		-extfile <(echo "subjectAltName=$san") -out "$T/$n.crt" 2>/dev/null
	cat "$T/$n.crt" "$T/$n.k" >"$T/$n.pem"
}
hs() { # port [args of s_client]: a handshake and the end of it
	local p=$1; shift
	printf 'GET / HTTP/1.0\r\n\r\n' | timeout 10 openssl s_client -connect "127.0.0.1:$p" -CAfile "$T/ca.pem" -ign_eof "$@" 2>&1 || true
}
subject() { hs "$@" | sed -n 's/^subject=.*CN = //p'; }
https() { # port host path [curl args]
	local p=$1 h=$2 u=$3; shift 3
	curl -sS --max-time 10 --cacert "$T/ca.pem" --connect-to "$h:$p:127.0.0.1:$p" "$@" "https://$h:$p$u"
}
#   ocsp_index NAME...                 $T/index of the CA `ca`: these are good
#   ocsp_file NAME OUT [args]          a response of `ca` about NAME, valid for three days
ocsp_index() {
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s/index\ndefault_md=sha256\ndefault_crl_days=9\n' "$T" >"$T/ca.cnf"
	touch "$T/index"
	local n
	for n in "$@"; do openssl ca -config "$T/ca.cnf" -valid "$T/$n.crt" -keyfile "$T/ca.key" -cert "$T/ca.pem" 2>/dev/null; done
}
ocsp_file() {
	openssl ocsp -index "$T/index" -rsigner "$T/ca.pem" -rkey "$T/ca.key" -CA "$T/ca.pem" -issuer "$T/ca.pem" -cert "$T/$1.crt" -ndays 3 \
		-respout "$2" "${@:3}" >/dev/null 2>&1
}
#   site [LINE of global]... <<FRONTENDS   writes $T/sluice.cfg: two workers, a runtime socket, mode http, and what stands on stdin
#   pipe, say WORDS                        the runtime socket: commands on stdin, one command
site() {
	printf 'global\n  workers 2\n  stats socket %s/sock level admin\n' "$T"
	[ $# = 0 ] || printf '  %s\n' "$@"
	printf 'defaults\n  mode http\n'
	printf '  timeout %s 5s\n' connect client server
	cat
} >"$T/sluice.cfg"
pipe() { socat -t 5 - "UNIX-CONNECT:$T/sock" 2>&1; }
say() { echo "$*" | pipe; }
