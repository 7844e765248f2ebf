// What holds without a file: the root servers (IANA "Root Servers") and the root zone's trust
// anchors (IANA "Root Zone Trust Anchors": KSK-2017 and KSK-2024).

#include "control/config/zonefile.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	char letter;
	const char *v4, *v6;
} root_servers[] = {
	{'a', "198.41.0.4", "2001:503:ba3e::2:30"},
	{'b', "170.247.170.2", "2801:1b8:10::b"},
	{'c', "192.33.4.12", "2001:500:2::c"},
	{'d', "199.7.91.13", "2001:500:2d::d"},
	{'e', "192.203.230.10", "2001:500:a8::e"},
	{'f', "192.5.5.241", "2001:500:2f::f"},
	{'g', "192.112.36.4", "2001:500:12::d0d"},
	{'h', "198.97.190.53", "2001:500:1::53"},
	{'i', "192.36.148.17", "2001:7fe::53"},
	{'j', "192.58.128.30", "2001:503:c27::2:30"},
	{'k', "193.0.14.129", "2001:7fd::1"},
	{'l', "199.7.83.42", "2001:500:9f::42"},
	{'m', "202.12.27.33", "2001:dc3::35"},
};

static const char *const root_anchors[] = {
	". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
	". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

void hints_built_in(struct resolver_config *out)
{
	out->hint_count = 0;
	for (size_t i = 0; i < sizeof(root_servers) / sizeof(root_servers[0]); i++) {
		struct root_hint *hint = &out->hints[out->hint_count++];
		char name[] = "x.root-servers.net";

		name[0] = root_servers[i].letter;
		// The table above is ours: it cannot fail.
		if (name_from_text(name, hint->name) < 0 ||
		    address_from_text(root_servers[i].v4, &hint->addresses[0]) != 0 ||
		    address_from_text(root_servers[i].v6, &hint->addresses[1]) != 0)
			abort();
		hint->address_count = 2;
	}
}

int anchors_built_in(struct config *out, char *err, size_t err_len)
{
	for (size_t i = 0; i < sizeof(root_anchors) / sizeof(root_anchors[0]); i++) {
		if (anchor_read(root_anchors[i], out, err, err_len) != 0)
			return -1;
	}
	return 0;
}
