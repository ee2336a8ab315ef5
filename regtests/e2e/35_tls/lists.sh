#!/usr/bin/env bash
# Certificates and crt-lists that grow and shrink by the runtime socket, with HAProxy's words.
. "$(dirname "$0")/../../lib/sluice.sh"
. "$(dirname "$0")/../../lib/certs.sh"

P=$(port)
ca ca
cert a DNS:a.test; cert b DNS:b.test; cert n DNS:n.test
printf '%s\n' "$T/a.pem [alpn http/1.1] a.test !x.a.test" '# a comment' "$T/b.pem" >"$T/list"
site <<E2
frontend web
  bind 127.0.0.1:$P ssl crt-list $T/list strict-sni
  http-request return status 200 content-type text/plain lf-string "%[ssl_fc_alpn] %[ssl_fc_sni]\n"
E2
sluice_start "$T/sluice.cfg"
load() { printf '%s <<\n%s\n\n' "$1" "$2" | pipe; }
lines() { say show ssl crt-list -n "$T/list" | sed '/^$/d'; }
everywhere() { # pattern name: what every worker answers for the name, soon
	wait_for 5 sh -c "for i in 1 2 3 4 5 6; do printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -alpn http/1.1 -ign_eof -connect 127.0.0.1:$P -servername $2 2>&1 | grep -qE '$1' || exit 1; done"
}

t "lists are listed, with the numbers of their lines"
is "$T/list" "$(say show ssl crt-list | sed '/^$/d')"
is "# $T/list
$T/a.pem:1 [alpn http/1.1] a.test !x.a.test
$T/b.pem:3" "$(lines)"
match "didn't find the specified filename" "$(say show ssl crt-list /nope)"

t "a new certificate is empty, then prepared, then loaded, and served once a line names it"
match "New empty certificate store '$T/n.new'!" "$(say new ssl cert "$T/n.new")"
match "Certificate '$T/n.new' already exists!" "$(say new ssl cert "$T/n.new")"
match "Status: Empty" "$(say show ssl cert "$T/n.new")"
match "Can't edit the crt-list: certificate '$T/n.new' does not exist!" "$(say add ssl crt-list "$T/list" "$T/n.new")"
match "Transaction created for certificate $T/n.new!" "$(load "set ssl cert $T/n.new" "$(cat "$T/n.pem")")"
match "Success!" "$(say commit ssl cert "$T/n.new")"
match "Status: Unused" "$(say show ssl cert "$T/n.new")"
everywhere 'unrecognized name' n.test
is "Inserting certificate '$T/n.new' in crt-list '$T/list'.
Success!" "$(load "add ssl crt-list $T/list" "$T/n.new [alpn h2,http/1.1] n.test *.n.test !z.n.test" | sed '/^$/d')"
everywhere '^http/1.1 n.test' n.test
everywhere '^http/1.1 y.n.test' y.n.test
everywhere 'unrecognized name' z.n.test
match "$T/n.new:4 \[alpn h2,http/1.1\] n.test \*.n.test !z.n.test" "$(lines)"
match "Status: Used" "$(say show ssl cert "$T/n.new")"

t "options that are wrong, lists and certificates that are not there are refused and change nothing"
before=$(lines)
match "Can't edit the crt-list: .*nonsense" "$(load "add ssl crt-list $T/list" "$T/n.new [nonsense 3] q.test")"
match "Can't edit the crt-list: .*curves" "$(load "add ssl crt-list $T/list" "$T/n.new [curves nonsense] q.test")"
match "CA file '/no.ca' is not loaded" "$(load "add ssl crt-list $T/list" "$T/n.new [ca-file /no.ca verify required] q.test")"
match "crt-list '/nope' does not exist!" "$(say add ssl crt-list /nope "$T/n.new")"
match "in use, can't be deleted" "$(say del ssl cert "$T/n.new")"
match "used as default certificate by the following frontends" "$(say del ssl crt-list "$T/list" "$T/a.pem")"
match "can't be found in crt-list" "$(say del ssl crt-list "$T/list" /nope)"
is "$before" "$(lines)"

t "added and removed lines stay over a reload, and workers that start later have them"
match "Entry '$T/b.pem' deleted in crtlist '$T/list'!" "$(say del ssl crt-list "$T/list" "$T/b.pem")"
everywhere 'unrecognized name' b.test
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
everywhere '^http/1.1 n.test' n.test
everywhere 'unrecognized name' b.test
for w in $(kids worker); do kill -9 "$w"; done
everywhere '^http/1.1 y.n.test' y.n.test

t "a line is named by its number when its certificate stands in several"
match "Success!" "$(say add ssl crt-list "$T/list" "$T/n.new")"
match "in several entries, please specify a line number preceded by colons \(4, 5\)!" "$(say del ssl crt-list "$T/list" "$T/n.new")"
match "the line number is incorrect" "$(say del ssl crt-list "$T/list" "$T/n.new:9")"
match "deleted" "$(say del ssl crt-list "$T/list" "$T/n.new:5")"
match "deleted" "$(say del ssl crt-list "$T/list" "$T/n.new")"
everywhere 'unrecognized name' n.test
match "Certificate '$T/n.new' deleted!" "$(say del ssl cert "$T/n.new")"
match "certificate '$T/n.new' doesn't exist!" "$(say del ssl cert "$T/n.new")"

t "names are listed by frontend and by end"
match "web/127.0.0.1:$P"$'\t'"a.test"$'\t'"!x.a.test"$'\t'"ecdsa" "$(say show ssl sni -f web)"
nomatch a.test "$(say show ssl sni -f other)"
nomatch a.test "$(say show ssl sni -A)"
match a.test "$(say show ssl sni -A -t 40d)"

t "a list that changed on disk counts more than what was done at run time"
printf '%s\n' "$T/a.pem a.test" "$T/b.pem b.test" >"$T/list"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 3 accepts' "$T/sluice.err"
everywhere '^http/1.1 b.test' b.test
