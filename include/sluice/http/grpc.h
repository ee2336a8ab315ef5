// SPDX-License-Identifier: GPL-3.0-or-later
/* Bytes of gRPC that a proxy has to understand: the frame around a message ("gRPC over HTTP2", Length-Prefixed-Message) and the two
 * messages of the health checking protocol (grpc.health.v1). Pure; reads what a server sent, which may be anything. */
#ifndef SLUICE_HTTP_GRPC_H
#define SLUICE_HTTP_GRPC_H

#include <sluice/base/str.h>

#define GRPC_PREFIX 5           /* bytes before a message: compressed or not, its length */
#define GRPC_SERVICE_MAX 200    /* bytes of a service's name that can be asked for */
#define GRPC_HEALTH_MAX (GRPC_PREFIX + 3 + GRPC_SERVICE_MAX)

enum grpc_serving { GRPC_UNKNOWN, GRPC_SERVING, GRPC_NOT_SERVING, GRPC_SERVICE_UNKNOWN };

/* Writes a framed HealthCheckRequest; service empty: the server as a whole. Returns its length; service.n <= GRPC_SERVICE_MAX. */
size_t grpc_health_request(char out[GRPC_HEALTH_MAX], struct str service);
/* Reads a framed HealthCheckResponse that is all of body. NULL: *serving is set (to one that may be newer than the enum); else what is wrong
 * with it. */
const char *grpc_health_response(struct str body, uint32_t *serving) MUST_CHECK;
/* The name of a serving status, "unknown status" for others. */
const char *grpc_serving_text(uint32_t serving);
/* The name of a grpc-status code, "unknown code" for what is none. */
const char *grpc_status_text(unsigned code);

#endif
