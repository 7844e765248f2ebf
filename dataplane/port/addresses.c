#include "dataplane/port/addresses.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool asked(int control, unsigned long what, const char *interface, struct in_addr *out)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(control, what, &request) < 0)
		return false;
	*out = ((const struct sockaddr_in *)(const void *)&request.ifr_addr)->sin_addr;
	return true;
}

static bool address_v4(const char *interface, char out[PORT_ADDRESS_TEXT_MAX])
{
	int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char text[INET_ADDRSTRLEN];
	struct in_addr address, mask;
	bool found = control >= 0 && asked(control, SIOCGIFADDR, interface, &address) &&
		     asked(control, SIOCGIFNETMASK, interface, &mask);

	if (control >= 0)
		close(control);
	if (found)
		snprintf(out, PORT_ADDRESS_TEXT_MAX, "%s/%d",
			 inet_ntop(AF_INET, &address, text, sizeof(text)),
			 __builtin_popcount(mask.s_addr));
	return found;
}

// A line of /proc/net/if_inet6: address, index, prefix length, scope, flags, name.
static bool line_is(const char *line, const char *interface, char out[PORT_ADDRESS_TEXT_MAX])
{
	char hex[33], name[IFNAMSIZ], text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	unsigned len;

	if (sscanf(line, "%32s %*x %x %*x %*x %15s", hex, &len, name) != 3 || strlen(hex) != 32 ||
	    strcmp(name, interface) != 0)
		return false;
	for (size_t i = 0; i < 16; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		address.s6_addr[i] = (uint8_t)byte;
	}
	if (IN6_IS_ADDR_LINKLOCAL(&address))
		return false;
	snprintf(out, PORT_ADDRESS_TEXT_MAX, "%s/%u",
		 inet_ntop(AF_INET6, &address, text, sizeof(text)), len);
	return true;
}

static bool address_v6(const char *interface, char out[PORT_ADDRESS_TEXT_MAX])
{
	FILE *list = fopen("/proc/net/if_inet6", "re");
	char line[128];
	bool found = false;

	while (list && !found && fgets(line, sizeof(line), list))
		found = line_is(line, interface, out);
	if (list)
		fclose(list);
	return found;
}

bool port_address(const char *interface, char out[PORT_ADDRESS_TEXT_MAX])
{
	return interface[0] != '\0' && (address_v4(interface, out) || address_v6(interface, out));
}
