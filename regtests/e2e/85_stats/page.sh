#!/usr/bin/env bash
# The statistics page: who may see it, what it answers, and orders from its forms.
. "$(dirname "$0")/../../lib/sluice.sh"

P=$(port) Q=$(port) O=$(port)
ORIGIN_RAW=1 origin "$O" a
cat >"$T/c.cfg" <<EOC
global
  workers 2
  node lb-7
  description "the edge"
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 2s
  timeout client 5s
  timeout server 5s
frontend web
  bind 127.0.0.1:$P
  option socket-stats
  stats uri /st
  stats refresh 7s
  stats show-node
  stats show-desc
  stats show-legends
  stats admin if { src 127.0.0.1 }
  use_backend own if { path_beg /own }
  default_backend app
frontend closed
  bind 127.0.0.1:$Q
  stats enable
  stats realm Back\ office
  stats auth joe:secret
  stats auth ann:other
  stats hide-version
  stats scope app
  stats scope .
  default_backend rules
backend app
  server a 127.0.0.1:$O
  server b 127.0.0.1:$O
  server off 127.0.0.1:$O disabled
backend own
  stats uri /own/page
  stats http-request deny if { hdr(x-from) enemy }
  stats http-request auth realm Inner if { hdr(x-from) stranger }
  server a 127.0.0.1:$O
backend rules
  server a 127.0.0.1:$O
EOC
sluice_start "$T/c.cfg"
U=http://127.0.0.1:$P C=http://127.0.0.1:$Q
csv() { http "$U/st;csv" | awk -F, -v p="$1" -v s="$2" -v c="$3" 'NR==1{for(i=1;i<=NF;i++){n=$i;sub(/^# /,"",n);if(n==c)k=i}} $1==p&&$2==s{print $k}'; }

t "the page answers under its uri, names the node, and has no asset from elsewhere"
page=$(http "$U/st")
match 'Statistics of lb-7' "$page"
match 'the edge' "$page"
nomatch '(src|href)=.?(http|//)' "$page"
match '</html>$' "$page"

t "other paths go to the servers, also those that begin alike"
is a "$(http "$U/")"
is a "$(http "$U/stats")"
is a "$(http "$U/st%3bcsv")"

t "the page of a backend answers behind its rules, and its conditions decide"
is 200 "$(code "$U/own/page")"
is 403 "$(code -H 'X-From: enemy' "$U/own/page")"
match 'www-authenticate: Basic realm="Inner"' "$(http -i -H 'X-From: stranger' "$U/own/page")"

t "credentials are asked for under the configured realm, and each configured pair opens"
match 'www-authenticate: Basic realm="Back office"' "$(http -i "$C/haproxy?stats")"
is 401 "$(code "$C/haproxy?stats")"
is 401 "$(code -u joe:wrong "$C/haproxy?stats")"
is 401 "$(code -u joe: "$C/haproxy?stats")"
is 401 "$(code -H 'Authorization: Basic' "$C/haproxy?stats")"
is 200 "$(code -u joe:secret "$C/haproxy?stats")"
is 200 "$(code -u ann:other "$C/haproxy?stats")"

t "a scope shows the proxies it names and its own"
is "app closed" "$(http -u joe:secret "$C/haproxy?stats;csv" | tail -n +2 | cut -d, -f1 | sort -u | xargs)"
nomatch 'sluice [0-9]' "$(http -u joe:secret "$C/haproxy?stats")"

t "CSV begins with HAProxy's 104 columns"
is "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,srid" \
	"$(http "$U/st;csv" | head -1 | cut -d, -f1-104)"
is 127.0.0.1:$O "$(csv app a addr)"
is sock-1 "$(http "$U/st;csv" | awk -F, '$1=="web"&&$33==3{print $2}')"

t "JSON is valid and says the same"
is "$(csv app BACKEND stot)" "$(http "$U/st;json" | jq -r '.[]|select(.[0].value.value=="app" and .[1].value.value=="BACKEND")|.[]|select(.field.name=="stot").value.value')"
is true "$(http "$U/st;json" | jq 'all(.[][]; .field.pos >= 0 and (.tags|keys|length) == 3)')"

t "typed lines name objects, columns and types"
match 'S\.[0-9]+\.3\.17\.status\.1:SGP:str:MAINT' "$(http "$U/st;typed")"

t "servers that are down or in maintenance can be left out"
match 'off,' "$(http "$U/st;csv")"
nomatch ',off,' "$(http "$U/st;csv;up")"
nomatch ',off,' "$(http "$U/st;csv;no-maint")"

t "a page refreshes without scripts too, unless told not to"
match 'http-equiv=refresh content=7' "$(http "$U/st")"
nomatch 'http-equiv=refresh' "$(http "$U/st;norefresh")"

t "HEAD has no body, and other methods go to the servers"
is "" "$(http -I "$U/st" | sed '1,/^\r$/d')"
is 200 "$(code -X DELETE "$U/st")"

t "HTTP/1.0 clients get the page up to the end of the connection"
match '</html>$' "$(http -0 "$U/st")"

t "the log names the page as HAProxy does"
match 'web web/<STATS> [0-9/-]+ 200 [0-9]+ - - LR-- .* "GET /st HTTP/1.1"' "$(grep '"GET /st HTTP/1.1"' "$T/sluice.out" | head -1)"

t "an order with the token of the page drains a server, and the answer leads back to the page"
TOKEN=$(http "$U/st" | grep -o 'name=t value="[0-9a-f]*"' | head -1 | cut -d'"' -f2)
order() { http -o /dev/null -w '%{http_code} %{redirect_url}' "$@" "$U/st"; }
is "303 $U/st;st=DONE" "$(order -d "b=app&s=a&s=b&action=drain&t=$TOKEN")"
wait_for 5 eval '[ "$(csv app a status)" = DRAIN ] && [ "$(csv app b status)" = DRAIN ]'
match 'Done\.' "$(http "$U/st;st=DONE")"
is 503 "$(code "$U/")"

t "a row's button acts on its server alone"
is "303 $U/st;st=DONE" "$(order --data-urlencode "do=ready a" -d "b=app&t=$TOKEN&action=maint&s=b")"
wait_for 5 eval '[ "$(csv app a status)" = "no check" ]'
is DRAIN "$(csv app b status)"
is a "$(http "$U/")"

t "backends go by number too, and older words still work"
is "303 $U/st;st=DONE" "$(order -d "b=%23$(csv app BACKEND iid)&s=b&action=enable&t=$TOKEN")"
wait_for 5 eval '[ "$(csv app b status)" = "no check" ]'
is "303 $U/st;st=DONE" "$(order -d "b=app&s=b&action=disable&t=$TOKEN")"
wait_for 5 eval '[ "$(csv app b status)" = MAINT ]'

t "nothing happens without the token, with a wrong one, or from another site"
for bad in "-d t=x" "-d t=${TOKEN%?}0x" "-d t=00000000000000000000000000000000" "-d t=$TOKEN -H Origin:http://evil.example" \
	"-d t=$TOKEN -H Referer:http://evil.example/st" "-d t=$TOKEN -H Sec-Fetch-Site:cross-site" "-d t=$TOKEN -H Origin:null"; do
	# shellcheck disable=SC2086
	is "303 $U/st;st=DENY" "$(order -d "b=app&s=a&action=maint" $bad)" "$bad"
done
is "303 $U/st;st=DONE" "$(order -d "b=app&s=a&action=ready&t=$TOKEN" -H "Origin: $U" -H "Referer: $U/st")"
is "no check" "$(csv app a status)"

t "a program without the page says so in a header"
is "303 $U/st;st=DONE" "$(order -d "b=app&s=b&action=ready" -H "X-Requested-With: script")"
wait_for 5 eval '[ "$(csv app b status)" = "no check" ]'

t "orders that make no sense change nothing and say so"
is "303 $U/st;st=ERRP" "$(order -d "b=nosuch&s=a&action=maint&t=$TOKEN")"
is "303 $U/st;st=ERRP" "$(order -d "b=app&s=nosuch&action=maint&t=$TOKEN")"
is "303 $U/st;st=ERRP" "$(order -d "b=app&s=a&action=explode&t=$TOKEN")"
is "303 $U/st;st=ERRP" "$(order -d "b=%zz&s=a&action=maint&t=$TOKEN")"
is "303 $U/st;st=NONE" "$(order -d "b=app&action=maint&t=$TOKEN")"
is "303 $U/st;st=PART" "$(order -d "b=app&s=a&s=nosuch&action=ready&t=$TOKEN")"
is "303 $U/st;st=EXCD" "$(order -d "t=$TOKEN&b=app&action=maint&s=$(head -c 20000 /dev/zero | tr '\0' x)")"
is "no check" "$(csv app a status)"

t "a form that was loaded before a reload is good after it"
kill -HUP "$MASTER"
wait_for 10 grep -q 'Generation 2 accepts' "$T/sluice.err"
settled() { [ "$(kids leader | wc -l)" = 1 ]; }
wait_for 10 settled
is "303 $U/st;st=DONE" "$(order -d "b=app&s=a&action=ready&t=$TOKEN")"

t "without 'stats admin' there is no form and no order"
nomatch '<form' "$(http -u joe:secret "$C/haproxy?stats")"
match 'location: /haproxy\?stats;st=DENY' "$(http -u joe:secret -i -d "b=app&s=a&action=maint&t=$TOKEN" "$C/haproxy?stats")"

t "sessions of a server are ended by order"
printf 'GET /hold/x HTTP/1.1\r\nHost: x\r\n\r\n' | raw "$P" >"$T/held" &
HELD=$!
wait_for 5 eval '[ "$(csv app BACKEND scur)" -ge 1 ]'
order -d "b=app&s=a&s=b&action=shutdown&t=$TOKEN" >/dev/null
wait "$HELD"
wait_for 5 eval 'grep -q " K" "$T/sluice.out"'
