// SPDX-License-Identifier: GPL-3.0-or-later
/* What the files of the http layer share and nobody else needs. */
#ifndef SLUICE_HTTP_PRIV_H
#define SLUICE_HTTP_PRIV_H

#include <sluice/http/h1.h>

/* host[:port] without user information, comma or white space. need_port: the authority-form of CONNECT, host and port
 * required. */
bool uri_authority_ok(struct str a, bool need_port);
/* Equal hosts, case ignored, and equal ports, a missing or empty one read as default_port. */
bool uri_authority_same(struct str a, struct str b, struct str default_port);
/* Splits "http[s]://authority[/path][?query]"; path gets all that follows the authority. false: not of that form. */
bool uri_split_absolute(struct str t, struct str *scheme, struct str *authority, struct str *path);
/* Puts a trailer behind those of m, copied to its arena; one that may not be a trailer is dropped (RFC 9110 section
 * 6.5.1), and so is any when m is NULL. H1E_TRAILER_BIG when there is no room. */
enum h1_error http_keep_trailer(struct http_msg *m, struct str name, struct str val);

#endif
