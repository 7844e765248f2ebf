#include "control/resolver/minimise.h"

// RFC 9156 §2.3: the first steps reveal one label each, the rest of a long name is spread
// over the steps that are left, and the last one is the full name.
static void reveal(struct minimise *m)
{
	unsigned left = (unsigned)(m->labels - m->asked);
	unsigned add = 1;

	if (m->count >= MINIMISE_COUNT_MAX - 1) {
		m->asked = m->labels;
		return;
	}
	if (m->count >= MINIMISE_ONE_LABEL) {
		unsigned steps = (unsigned)(MINIMISE_COUNT_MAX - m->count);
		add = (left + steps - 1) / steps;
	}
	m->asked = (uint8_t)(m->asked + (add < left ? add : left));
	m->count++;
}

void minimise_start(struct minimise *m, const uint8_t *name, size_t zone_labels, bool enabled)
{
	*m = (struct minimise){
		.name = name,
		.labels = (uint8_t)name_labels(name),
		.asked = (uint8_t)zone_labels,
	};
	if (enabled)
		reveal(m);
	else
		m->asked = m->labels;
}

void minimise_next(struct minimise *m)
{
	reveal(m);
}

void minimise_skip(struct minimise *m)
{
	if (m->asked < m->labels)
		m->asked++;
}

void minimise_descend(struct minimise *m, size_t zone_labels)
{
	if (minimise_full(m) && m->given_up == 0)
		return;
	m->given_up = 0;
	m->asked = (uint8_t)zone_labels;
	reveal(m);
}

void minimise_give_up(struct minimise *m)
{
	if (!minimise_full(m))
		m->given_up = m->asked;
	m->asked = m->labels;
}
