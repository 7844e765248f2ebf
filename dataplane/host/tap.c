#include "dataplane/host/tap.h"

#include "dataplane/netlink.h"
#include "dataplane/parse/acl.h"
#include "dataplane/sentence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct ifreq request_for(const char *name)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	return request;
}

static int tun_create(const char *name)
{
	struct ifreq request = request_for(name);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int code;

	if (fd < 0)
		return -errno;
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &request) == 0)
		return fd;
	code = -errno;
	close(fd);
	return code;
}

static int link_set(int control, const struct tap_config *config)
{
	struct ifreq request = request_for(config->name);

	request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(request.ifr_hwaddr.sa_data, config->mac, sizeof config->mac);
	if (ioctl(control, SIOCSIFHWADDR, &request) < 0)
		return -errno;
	request = request_for(config->name);
	request.ifr_mtu = config->mtu;
	if (ioctl(control, SIOCSIFMTU, &request) < 0)
		return -errno;
	return 0;
}

static int link_up(int control, const char *name)
{
	struct ifreq request = request_for(name);

	if (ioctl(control, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	request.ifr_flags |= IFF_UP;
	return ioctl(control, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

// Routes are the operator's. Where /proc/sys cannot be written the kernel's default stays.
static void ignore_router_advertisements(const char *name)
{
	char path[64 + IFNAMSIZ];
	int fd;

	snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "0", 1) != 1) {
		close(fd);
		return;
	}
	close(fd);
}

static bool has_v6(const struct service_addresses *service)
{
	for (size_t i = 0; i < service->count; i++) {
		if (service->list[i].family == 6)
			return true;
	}
	return false;
}

static int addresses_add(const struct tap_config *config, unsigned ifindex, char *err,
			 size_t err_len)
{
	for (size_t i = 0; i < config->service->count; i++) {
		const struct address *address = &config->service->list[i];
		uint8_t whole = address->family == 4 ? 32 : 128;
		uint8_t prefix = address->family == 4 ? config->prefix_v4 : config->prefix_v6;
		char text[ADDRESS_TEXT_MAX];
		int code = netlink_address_add(ifindex, address, prefix ? prefix : whole);

		if (code < 0)
			return sentence(err, err_len, code, "cannot put %s/%u on tap %s: %s",
					address_to_text(address, text), prefix ? prefix : whole,
					config->name, strerror(-code));
	}
	return 0;
}

static int set_quiet(const struct tap_config *config, unsigned ifindex)
{
	ignore_router_advertisements(config->name);
	return netlink_no_link_local(ifindex);
}

void tap_quiet_again(const struct tap_config *config, unsigned ifindex)
{
	const uint8_t *mac = config->mac;
	const struct address own = {
		.family = 6, // RFC 4291 Appendix A
		.bytes = {0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4],
			  mac[5]},
	};

	if (!has_v6(config->service))
		return;
	(void)!set_quiet(config, ifindex);
	(void)!netlink_address_delete(ifindex, &own, 64);
}

static int tap_set_up(const struct tap_config *config, char *err, size_t err_len)
{
	int control, code;
	unsigned ifindex = if_nametoindex(config->name);

	if (has_v6(config->service) && config->mtu < TAP_MTU_IPV6)
		return sentence(
			err, err_len, -EINVAL,
			"cannot put addresses of IPv6 on tap %s: the MTU of a port, %u, is below "
			"the %u of IPv6: ip link set INTERFACE mtu 1500",
			config->name, config->mtu, TAP_MTU_IPV6);
	control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	code = control < 0 ? -errno : link_set(control, config);

	// Before the interface is up, or it would already have its link-local address.
	if (code == 0 && has_v6(config->service))
		code = set_quiet(config, ifindex);
	if (code == 0)
		code = link_up(control, config->name);
	if (control >= 0)
		close(control);
	if (code < 0)
		return sentence(err, err_len, code, "cannot set up tap %s: %s", config->name,
				strerror(-code));
	return addresses_add(config, ifindex, err, err_len);
}

int tap_open(const struct tap_config *config, char *err, size_t err_len)
{
	int fd = tun_create(config->name);
	int code;

	if (fd == -EBUSY)
		return sentence(err, err_len, fd,
				"tap %s is in use: another assayd runs, or choose another name",
				config->name);
	if (fd == -ENOENT || fd == -ENODEV)
		return sentence(err, err_len, fd,
				"no /dev/net/tun for tap %s: load the kernel module tun",
				config->name);
	if (fd < 0)
		return sentence(err, err_len, fd, "cannot create tap %s: %s%s", config->name,
				strerror(-fd),
				fd == -EPERM || fd == -EACCES ? " (needs CAP_NET_ADMIN)" : "");
	code = tap_set_up(config, err, err_len);
	if (code < 0) {
		close(fd);
		return code;
	}
	return fd;
}
