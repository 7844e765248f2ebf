// What a DS query says of a name.
#pragma once

enum cut {
	CUT_UNKNOWN,
	CUT_NONE,          // proven: no delegation at this name
	CUT_NOTHING_BELOW, // and none at any name below it (RFC 8020, RFC 6672)
	CUT_SECURE,        // a delegation with a DS that can be followed
	CUT_INSECURE,      // a delegation without one, or with nothing but unsupported ones
};
