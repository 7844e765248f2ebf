#include "control/config/endpoint.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int port_number(const char *text, uint16_t *port_be)
{
	unsigned long port;
	char *end;

	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	port = strtoul(text, &end, 10);
	if (*end != '\0' || port == 0 || port > 65535)
		return -EINVAL;
	*port_be = htons((uint16_t)port);
	return 0;
}

int endpoint_from_text(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	const char *colon = strrchr(text, ':');
	char host[64];
	uint16_t port_be;

	memset(out, 0, sizeof(*out));
	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host) ||
	    port_number(colon + 1, &port_be) != 0)
		return -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_port = port_be;
		return v4->sin_family = AF_INET;
	}
	if (host[0] != '[' || host[strlen(host) - 1] != ']')
		return -EINVAL;
	host[strlen(host) - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) != 1)
		return -EINVAL;
	v6->sin6_port = port_be;
	return v6->sin6_family = AF_INET6;
}
