#include "dataplane/host/share.h"

#define SAVED_NS      5000000  // that an idle thread has at once
#define REST_MAX_NS   20000000 // rings must hold what comes meanwhile
#define PASSED_MAX_NS 1000000000

void share_init(struct share *share, unsigned percent, uint64_t now_ns)
{
	*share = (struct share){.then_ns = now_ns, .left_ns = SAVED_NS, .percent = percent};
}

uint64_t share_spend(struct share *share, uint64_t now_ns, uint64_t spent_ns)
{
	uint64_t passed_ns = now_ns - share->then_ns;

	share->then_ns = now_ns;
	if (share->percent >= 100)
		return 0;
	if (passed_ns > PASSED_MAX_NS)
		passed_ns = PASSED_MAX_NS;
	share->left_ns += (int64_t)(passed_ns * share->percent / 100);
	if (share->left_ns > SAVED_NS)
		share->left_ns = SAVED_NS;
	share->left_ns -= (int64_t)(spent_ns < PASSED_MAX_NS ? spent_ns : PASSED_MAX_NS);
	if (share->left_ns >= 0)
		return 0;
	uint64_t rest_ns = (uint64_t)-share->left_ns * 100 / share->percent;
	if (rest_ns <= REST_MAX_NS)
		return rest_ns;
	// What cannot be rested off at once is forgiven.
	share->left_ns = -(int64_t)(REST_MAX_NS * share->percent / 100);
	return REST_MAX_NS;
}
