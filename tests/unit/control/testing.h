// cmocka with what it needs before it; includes are sorted, so no file includes it by itself.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

// clang-format off: after the above
#include <cmocka.h>
// clang-format on
