#!/usr/bin/env bash
# Which backend and which server a request reaches: use_backend, use-server, and every way a condition can match.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) L=$(port) A=$(port) B=$(port) M=$(port)
origin "$A" a; origin "$B" b
printf '# comment\n\n/file/one\n/File/Two\n' >"$T/paths"
printf '192.0.2.0/24\n2001:db8::/32\n' >"$T/nets"
cat >"$T/c.cfg" <<EOC
global
  nbthread 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  acl is_b hdr(x-back) b
  acl is_post method POST
  acl is_post method PUT
  use_backend b if is_b !is_post
  use_backend b if { path /or1 } || { path /or2 }
  use_backend b if { path /both } { hdr(x-both) 1 } or { path /either }
  use_backend off if { path_beg /off }
  use_backend none if { path_beg /none }
  use_backend pick if { path_beg /pick }
  use_backend half if { path_beg /half }
  use_backend b unless { path_beg / }
  use_backend %[hdr(x-dyn)] if { hdr(x-dyn) -m found }
  use_backend dyn_%[path,field(3,/)] if { path_beg /dyn/ }
  default_backend a
frontend nowhere
  bind 127.0.0.1:$M
  use_backend a if { path /a }
listen l
  bind 127.0.0.1:$L
  server b 127.0.0.1:$B
backend a
  server a 127.0.0.1:$A
backend b
  server b 127.0.0.1:$B
backend dyn_a
  server a 127.0.0.1:$A
backend dyn_b
  server b 127.0.0.1:$B
backend off
  disabled
  server a 127.0.0.1:$A
backend none
backend pick
  balance roundrobin
  use-server a if { path /pick/a }
  use-server b if { path /pick/b }
  server a 127.0.0.1:$A weight 0
  server b 127.0.0.1:$B weight 1
backend half
  use-server a if { path_beg /half }
  server a 127.0.0.1:$A disabled
  server b 127.0.0.1:$B
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P

t "default_backend takes what no rule took"
is a "$(http "$U/")"
t "use_backend: the first rule whose condition holds wins"
is b "$(http -H 'X-Back: b' "$U/")"
is a "$(http -H 'X-Back: b' -X POST "$U/")"
is a "$(http -H 'X-Back: b' -X PUT "$U/")"
is b "$(http -H 'X-Back: b' -X PATCH "$U/")"
is a "$(http -H 'X-Back: bb' "$U/")"
t "conditions: terms side by side are 'and', or and || join such groups"
is b "$(http "$U/or1")"; is b "$(http "$U/or2")"
is b "$(http -H 'X-Both: 1' "$U/both")"; is a "$(http "$U/both")"; is b "$(http "$U/either")"
t "unless is the opposite of if"
is a "$(http "$U/unless")"
t "use_backend with a format finds the backend by name for each request"
is b "$(http -H 'X-Dyn: b' "$U/")"; is a "$(http -H 'X-Dyn: dyn_a' "$U/")"
is a "$(http "$U/dyn/a")"; is b "$(http "$U/dyn/b?x")"
t "a name that no backend has goes to the default backend"
is a "$(http -H 'X-Dyn: nope' "$U/")"; is a "$(http "$U/dyn/nope")"; is a "$(http -H 'X-Dyn;' "$U/")"
t "the name of a frontend is not that of a backend"
is a "$(http -H 'X-Dyn: nowhere' "$U/")"
t "no rule and no default is a 503"
is a "$(http "http://127.0.0.1:$M/a")"; is 503 "$(code "http://127.0.0.1:$M/b")"
t "a backend that is disabled is passed over"
is a "$(http "$U/off")"
t "a backend without a server is a 503"
is 503 "$(code "$U/none")"
t "listen is a frontend and a backend in one"
is b "$(http "http://127.0.0.1:$L/")"
t "use-server overrules the balance, the weight too"
is "b b b" "$(for i in 1 2 3; do http "$U/pick/x"; done | xargs)"
is "a a a" "$(for i in 1 2 3; do http "$U/pick/a"; done | xargs)"
is "b b b" "$(for i in 1 2 3; do http "$U/pick/b"; done | xargs)"
t "use-server of a server that is down is passed over"
is b "$(http "$U/half")"

# Each line is a name and a condition; the answer lists the names of those that hold.
sluice_stop
{
cat <<EOC
global
  nbthread 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  acl named path_beg /n
  acl named hdr(x) named
EOC
while IFS='|' read -r n c; do
	[ -z "$n" ] || echo "  http-request add-header X-Hit $n if $c"
done <<EOC
str|{ path /p/Str.txt }
nocase|{ path -i /P/sTR.TXT }
beg|{ path_beg /p/S }
beg-m|{ path -m beg /p/S }
beg-i|{ path_beg -i /P/s }
end|{ path_end .txt .gz }
sub|{ path_sub Str }
sub-i|{ path -m sub -i sTR }
dir|{ path_dir p }
dir2|{ path_dir a/b }
dom|{ hdr_dom(host) example }
dom2|{ hdr_dom(host) -i EXAMPLE.com }
reg|{ path_reg ^/p/[A-Z][a-z]+\\\\.txt$ }
reg-i|{ path -m reg -i ^/P/STR }
len|{ path -m len 10 }
len-range|{ path_len 9:10 }
len-gt|{ path_len gt 10 }
file|{ path -f $T/paths }
file-i|{ path -i -f $T/paths }
file-beg|{ path_beg -f $T/paths -- /also }
found|{ hdr(x) -m found }
notfound|!{ hdr(x) -m found }
int-eq|{ hdr_val(n) 5 }
int-eq2|{ hdr_val(n) eq 5 }
int-range|{ hdr_val(n) 4:6 }
int-open|{ hdr_val(n) 6: }
int-upto|{ hdr_val(n) :4 }
int-lt|{ hdr_val(n) lt 5 }
int-le|{ hdr_val(n) le 5 }
int-ge|{ hdr_val(n) ge 5 }
int-neg|{ hdr_val(n) lt 0 }
net|{ hdr_ip(ip) 192.0.2.0/24 }
net-one|{ hdr_ip(ip) 192.0.2.7 }
net-mask|{ hdr_ip(ip) 192.0.2.0/255.255.255.248 }
net6|{ hdr_ip(ip) 2001:db8::/32 }
net-file|{ hdr_ip(ip) -f $T/nets }
src|{ src 127.0.0.0/8 }
src-other|{ src 10.0.0.0/8 ::1 }
bin|{ hdr(x) -m bin 6e616d6564 }
bool|{ hdr_val(n) -m bool }
cnt|{ hdr_cnt(x) gt 1 }
any|{ hdr(x) second }
last|{ hdr(x,-1) second }
first|{ hdr(x,1) second }
cook|{ cook(k) v2 }
urlp|{ urlp(q) two }
query|{ query -m sub q= }
meth|{ method GET HEAD }
meth-safe|METH_GET
post|METH_POST
true|TRUE
false|FALSE
local|LOCALHOST
http11|HTTP_1.1
http1|HTTP
content|HTTP_CONTENT
star|HTTP_URL_STAR
slash|HTTP_URL_SLASH
abs|HTTP_URL_ABS
named|named
not-named|!named
not-not|!{ path_beg /zzz }
lower|{ path,lower /p/str.txt }
conv|{ path,length,mul(2) 20 }
EOC
cat <<EOC
  http-request set-uri /echo-head
  default_backend a
backend a
  server a 127.0.0.1:$A
EOC
} >"$T/m.cfg"
sluice_start "$T/m.cfg"
hits() { http "$@" | tr -d '\r' | sed -n 's/^[Xx]-[Hh]it: //p' | xargs; }
has() { local out=" $1 " w; shift; for w; do match " $w " "$out"; done; }
hasnot() { local out=" $1 " w; shift; for w; do nomatch " $w " "$out"; done; }

t "text: equal, beginning, end, part, directory, length, case"
out=$(hits "$U/p/Str.txt")
has "$out" str nocase beg beg-m beg-i end sub sub-i dir reg reg-i len len-range lower conv
hasnot "$out" dir2 len-gt file
out=$(hits "$U/P/str.txt")
has "$out" nocase beg-i reg-i sub-i lower; hasnot "$out" str beg beg-m sub reg dir
has "$(hits "$U/x/a/b/c.gz")" end dir2 len-gt not-not
t "dom matches whole labels"
out=$(hits -H 'Host: www.example.com:80' "$U/"); has "$out" dom dom2
out=$(hits -H 'Host: www.examples.com' "$U/"); hasnot "$out" dom dom2
t "patterns from a file, without comments and empty lines"
has "$(hits "$U/file/one")" file file-i file-beg
out=$(hits "$U/file/two"); has "$out" file-i; hasnot "$out" file file-beg
has "$(hits "$U/file/one/x")" file-beg; has "$(hits "$U/also/x")" file-beg
hasnot "$(hits "$U/%23")" file-beg
t "integers: equal, ranges, comparisons"
out=$(hits -H 'N: 5' "$U/"); has "$out" int-eq int-eq2 int-range int-le int-ge bool; hasnot "$out" int-open int-upto int-lt int-neg
out=$(hits -H 'N: 0' "$U/"); has "$out" int-upto int-lt int-le; hasnot "$out" int-eq int-range int-ge bool
out=$(hits -H 'N: -3' "$U/"); has "$out" int-neg int-lt; hasnot "$out" int-eq
out=$(hits "$U/"); hasnot "$out" int-eq int-lt int-upto int-neg bool
t "addresses: one, a network, a mask, a file, both families"
out=$(hits -H 'Ip: 192.0.2.7' "$U/"); has "$out" net net-one net-mask net-file src; hasnot "$out" net6 src-other
out=$(hits -H 'Ip: 192.0.2.8' "$U/"); has "$out" net; hasnot "$out" net-one net-mask
out=$(hits -H 'Ip: 2001:db8::5' "$U/"); has "$out" net6 net-file; hasnot "$out" net
out=$(hits -H 'Ip: junk' "$U/"); hasnot "$out" net net6 net-file
t "headers: any of the values, one of them, their number, present or not, bytes"
out=$(hits -H 'X: named, second' "$U/"); has "$out" found cnt any last bin named; hasnot "$out" first notfound not-named
out=$(hits "$U/"); has "$out" notfound not-named; hasnot "$out" found cnt any named
has "$(hits -H 'X;' "$U/")" found
t "an acl written twice holds when one of its lines does"
has "$(hits "$U/nn")" named; hasnot "$(hits "$U/nn")" not-named
t "cookies and query parameters"
out=$(hits -H 'Cookie: a=b; k=v1; k=v2' "$U/?p=1&q=two"); has "$out" cook urlp query
hasnot "$(hits -H 'Cookie: kk=v2' "$U/?p=q&qq=two")" cook urlp
t "predefined conditions"
out=$(hits "$U/x"); has "$out" meth meth-safe true local http11 http1 slash; hasnot "$out" post false content star abs
out=$(hits -d body "$U/x"); has "$out" post content; hasnot "$out" meth-safe meth
has "$(hits -H 'Host: site.test' --request-target "http://site.test/x" "$U/")" abs

t "two hundred path_beg rules: the first that holds, in the order they were written"
sluice_stop
{
cat <<EOC
global
  nbthread 1
defaults
  mode http
  timeout connect 20s
  timeout client 30s
  timeout server 30s
frontend f
  bind 127.0.0.1:$P
  use_backend be7x if { path_beg /r/7/x }
$(for i in $(seq 200); do echo "  use_backend be$i if { path_beg /r/$i }"; done)
  use_backend b0 if { path_beg /r/ }
backend b0
  http-request return status 200 content-type text/plain string b0
backend be7x
  http-request return status 200 content-type text/plain string be7x
$(for i in $(seq 200); do printf 'backend be%s\n  http-request return status 200 content-type text/plain string be%s\n' "$i" "$i"; done)
EOC
} >"$T/r.cfg"
sluice_start "$T/r.cfg"
want=() urls=()
for i in $(seq 200); do
	urls+=("$U/r/$i/z")
	w=be$i # /r/1 is a beginning of /r/1x and /r/1xx, and stands first
	[ "$i" -lt 10 ] || w=be${i:0:1}
	want+=("$w")
done
is "${want[*]}" "$(curl -sS --max-time 30 -w '\n' "${urls[@]}" | xargs)"
is be7x "$(http "$U/r/7/x")"; is be7 "$(http "$U/r/7/y")"; is b0 "$(http "$U/r/zero")"; is 503 "$(code "$U/R/1")"
