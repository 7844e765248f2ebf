#include "dataplane/host/classes.h"

// BGP has the rate of a full table at once, BFD that of a few sessions of 10 ms. What anybody may
// forge in a peer's name has little. ARP, ND and ping need little; TCP carries clients' questions,
// "reply" the answers of servers when questions to them leave by the tap. The rate of "syn" is the
// configuration's.
const struct class_terms class_terms[EXCEPTION_CLASS_COUNT] = {
	[EXCEPTION_BGP] = {20000, 2048, 256, 32},   [EXCEPTION_BFD] = {5000, 512, 64, 16},
	[EXCEPTION_PEER] = {500, 64, 64, 8},        [EXCEPTION_ARP] = {1000, 256, 64, 8},
	[EXCEPTION_ND] = {1000, 256, 64, 8},        [EXCEPTION_ICMP] = {1000, 256, 64, 4},
	[EXCEPTION_TCP] = {20000, 2048, 512, 16},   [EXCEPTION_SYN] = {10000, 128, 128, 8},
	[EXCEPTION_REPLY] = {20000, 2048, 512, 32}, [EXCEPTION_OTHER] = {20000, 2048, 128, 8},
};

enum sent_lane class_lane(enum exception_class class)
{
	switch (class) {
	case EXCEPTION_BGP:
	case EXCEPTION_BFD:
	case EXCEPTION_PEER:
	case EXCEPTION_ARP:
	case EXCEPTION_ND:
		return SENT_FIRST;
	default:
		return SENT_REST;
	}
}
