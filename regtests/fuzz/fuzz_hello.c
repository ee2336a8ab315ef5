// SPDX-License-Identifier: GPL-3.0-or-later
/* Hellos come from the network: any bytes, no crash, nothing read outside; a verdict that is reached does not change with
 * what follows, and what is shown lies inside the message. */
#include <sluice/tls/hello.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n }, rest, s;
	struct arena a;
	struct tls_hello all, part;
	enum tls_hello_verdict v;
	char ja4[TLS_JA4_LEN], ja3[TLS_JA3_LEN];
	uint16_t type;

	arena_init(&a, 0);
	v = tls_hello_parse(in, &a, &all);
	if (n) {
		enum tls_hello_verdict less = tls_hello_parse(str_sub(in, 0, n - 1), &a, &part);
		ASSERT(less == TLS_HELLO_MORE || less == v);
		if (less == TLS_HELLO_OK)
			ASSERT(str_eq(part.sni, all.sni) && str_eq(part.alpn, all.alpn));
	}
	if (v == TLS_HELLO_OK) {
		rest = all.exts;
		while (tls_hello_ext(&rest, &type, &s))
			;
		rest = all.alpn;
		while (tls_hello_alpn(&rest, &s))
			;
		(void)tls_hello_ja3(&all, ja3);
		(void)tls_hello_ja4(&all, ja4);
	}
	arena_free(&a);
	return 0;
}
