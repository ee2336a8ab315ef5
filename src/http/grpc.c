// SPDX-License-Identifier: GPL-3.0-or-later
/* The frame of gRPC and the health messages, which are protobuf with one field each: `string service = 1` and `ServingStatus status = 1`. Fields
 * of other numbers are stepped over, as protobuf wants it; a status that is left out is 0. */
#include <sluice/http/grpc.h>

enum { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

size_t grpc_health_request(char out[GRPC_HEALTH_MAX], struct str service)
{
	size_t n = GRPC_PREFIX, len;

	if (service.n) {
		out[n++] = 1 << 3 | WIRE_BYTES;
		if (service.n > 127)
			out[n++] = (char)(0x80 | (service.n & 0x7f));
		out[n++] = (char)(service.n > 127 ? service.n >> 7 : service.n);
		memcpy(out + n, service.p, service.n);
		n += service.n;
	}
	len = n - GRPC_PREFIX;
	memcpy(out, (char[GRPC_PREFIX]){ 0, 0, 0, (char)(len >> 8), (char)len }, GRPC_PREFIX);
	return n;
}

static bool take_varint(struct str *s, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; s->n && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*s->p;

		*s = str_sub(*s, 1, SIZE_MAX);
		*v |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80)
			return true;
	}
	return false;
}

static bool skip_field(struct str *s, unsigned wire)
{
	uint64_t n = 0;

	switch (wire) {
	case WIRE_VARINT:
		return take_varint(s, &n);
	case WIRE_64:
		n = 8;
		break;
	case WIRE_BYTES:
		if (!take_varint(s, &n))
			return false;
		break;
	case WIRE_32:
		n = 4;
		break;
	default:
		return false;
	}
	if (n > s->n)
		return false;
	*s = str_sub(*s, (size_t)n, SIZE_MAX);
	return true;
}

static bool read_status(struct str msg, uint32_t *serving)
{
	uint64_t tag, v;

	*serving = GRPC_UNKNOWN;
	while (msg.n) {
		if (!take_varint(&msg, &tag))
			return false;
		if (tag != (1 << 3 | WIRE_VARINT)) {
			if (!skip_field(&msg, tag & 7))
				return false;
			continue;
		}
		if (!take_varint(&msg, &v))
			return false;
		*serving = (uint32_t)v;
	}
	return true;
}

const char *grpc_health_response(struct str body, uint32_t *serving)
{
	const unsigned char *p = (const unsigned char *)body.p;

	if (!body.n)
		return "no message in the response";
	if (body.n < GRPC_PREFIX)
		return "message cut short";
	if (p[0])
		return "compressed message";
	if (((uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4]) != body.n - GRPC_PREFIX)
		return "length of the message does not fit";
	return read_status(str_sub(body, GRPC_PREFIX, SIZE_MAX), serving) ? NULL : "message is not a HealthCheckResponse";
}

const char *grpc_serving_text(uint32_t serving)
{
	static const char *const names[] = { "UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN" };

	return serving < ARRAY_LEN(names) ? names[serving] : "unknown status";
}

const char *grpc_status_text(unsigned code)
{
	static const char *const names[] = {
		"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
		"DATA_LOSS", "UNAUTHENTICATED",
	};

	return code < ARRAY_LEN(names) ? names[code] : "unknown code";
}
