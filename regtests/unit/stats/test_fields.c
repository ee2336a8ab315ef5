// SPDX-License-Identifier: GPL-3.0-or-later
/* The table of columns: names and places are an interface. */
#include "stats_fixture.h"

/* As HAProxy prints them; tools address columns by number. */
static const char golden[] =
	"pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,chkfail,chkdown,"
	"lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,check_code,check_duration,"
	"hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,hanafail,req_rate,req_rate_max,req_tot,cli_abrt,srv_abrt,comp_in,comp_out,"
	"comp_byp,comp_rsp,lastsess,last_chk,last_agt,qtime,ctime,rtime,ttime,agent_status,agent_code,agent_duration,check_desc,agent_desc,"
	"check_rise,check_fall,check_health,agent_rise,agent_fall,agent_health,addr,cookie,mode,algo,conn_rate,conn_rate_max,conn_tot,"
	"intercepted,dcon,dses,wrew,connect,reuse,cache_lookups,cache_hits,srv_icur,src_ilim,qtime_max,ctime_max,rtime_max,ttime_max,eint,"
	"idle_conn_cur,safe_conn_cur,used_conn_cur,need_conn_est,uweight,agg_server_status,agg_server_check_status,agg_check_status,srid,"
	"sess_other,h1sess,h2sess,h3sess,req_other,h1req,h2req,h3req,proto,priv_idle_cur,reqbin,reqbout,resbin,resbout,cache_hint_hits,";

TEST(the_first_119_columns_are_haproxys)
{
	struct sbuf b = { 0 };

	for (unsigned f = 0; f < STAT_EXT_FIRST; f++)
		sbuf_printf(&b, "%s,", stat_descs[f].name);
	assert_int_equal(STAT_EXT_FIRST, 119);
	assert_slice(sbuf_str(&b), golden);
	sbuf_free(&b);
}

TEST(every_column_has_three_tags_and_a_help_text)
{
	for (unsigned f = 0; f < STAT_COUNT; f++) {
		assert_int_equal(strlen(stat_descs[f].tag), 3);
		assert_true(strlen(stat_descs[f].help) > 5);
		assert_null(strchr(stat_descs[f].help, '"'));
	}
	for (unsigned f = 0; f < INFO_COUNT; f++)
		assert_true(strlen(info_descs[f].tag) == 3 && strlen(info_descs[f].help) > 5);
}

TEST(columns_of_http_are_not_for_mode_tcp)
{
	assert_true(stat_applies(ST_F_hrsp_2xx, STAT_FE, true));
	assert_false(stat_applies(ST_F_hrsp_2xx, STAT_FE, false));
	assert_false(stat_applies(ST_F_hrsp_2xx, STAT_LST, true));
	assert_true(stat_applies(ST_F_bin, STAT_SRV, false));
	assert_false(stat_applies(ST_F_qcur, STAT_FE, true));
}

int main(void)
{
	const struct CMUnitTest tests[] = { T(the_first_119_columns_are_haproxys), T(every_column_has_three_tags_and_a_help_text),
					    T(columns_of_http_are_not_for_mode_tcp) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
