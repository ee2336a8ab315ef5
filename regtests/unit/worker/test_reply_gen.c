// SPDX-License-Identifier: GPL-3.0-or-later
/* Bodies made piece by piece. */
#include "../unit.h"
#include "../../../src/worker/reply_gen.h"
#include "../../../src/worker/stream.h"

struct counting { struct reply_gen g; unsigned left, chunk, resumed; };

static bool count_down(struct reply_gen *g, struct sbuf *out)
{
	struct counting *c = CONTAINER_OF(g, struct counting, g);

	if (!c->left)
		return false;
	c->left--;
	for (unsigned i = 0; i < c->chunk; i++)
		sbuf_addc(out, 'x');
	return true;
}

static void resumed(struct reply_gen *g) { CONTAINER_OF(g, struct counting, g)->resumed++; }

static struct counting *counting(unsigned left, unsigned chunk)
{
	struct counting *c = calloc(1, sizeof(*c));

	*c = (struct counting){ .g = { .step = count_down, .resume = resumed }, .left = left, .chunk = chunk };
	return c;
}

TEST(a_piece_ends_soon_after_its_size)
{
	struct stream s = { .gen = &counting(1000, 1000)->g };
	size_t total = 0;
	unsigned pieces = 0;

	while (!s.gen->done) {
		reply_gen_fill(s.gen);
		assert_true(s.gen->text.n < GEN_PIECE + 1000);
		total += s.gen->text.n;
		pieces++;
	}
	assert_int_equal(total, 1000000);
	assert_int_equal(((struct counting *)(void *)s.gen)->resumed, pieces);
	reply_gen_free(&s);
	assert_null(s.gen);
}

TEST(a_step_that_is_longer_than_a_piece_still_goes_on)
{
	struct stream s = { .gen = &counting(2, 3 * GEN_PIECE)->g };

	reply_gen_fill(s.gen);
	assert_int_equal(s.gen->text.n, 3 * GEN_PIECE);
	assert_false(s.gen->done);
	reply_gen_fill(s.gen);
	reply_gen_fill(s.gen);
	assert_true(s.gen->done && s.gen->text.n == 0);
	reply_gen_free(&s);
}

TEST(the_framing_follows_the_version_and_head_has_no_body)
{
	struct stream s = { .req = { .ver = 11, .method = HTTP_GET } };

	reply_generate(&s, &counting(1, 1)->g);
	assert_true(s.res.flags & MSG_CHUNKED && s.gen);
	s.req.ver = 10;
	s.res.flags = 0;
	reply_generate(&s, &counting(1, 1)->g); /* frees the one before */
	assert_true(s.res.flags & MSG_CLOSE_DELIM && s.flags & SF_CLI_CLOSE);
	s.req.method = HTTP_HEAD;
	reply_generate(&s, &counting(1, 1)->g);
	assert_true(s.res.flags & MSG_NO_BODY && !s.gen);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(a_piece_ends_soon_after_its_size), cmocka_unit_test(a_step_that_is_longer_than_a_piece_still_goes_on),
					    cmocka_unit_test(the_framing_follows_the_version_and_head_has_no_body) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
