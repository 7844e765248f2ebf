// Which names were denied by NSEC3 lately. Thread: control.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct denied_names;
struct denied_names *denied_names_new(void) __attribute__((warn_unused_result));
void denied_names_free(struct denied_names *names);
