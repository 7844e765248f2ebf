#include "dataplane/sentence.h"

#include <stdarg.h>
#include <stdio.h>

int sentence(char *err, size_t err_len, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, err_len, format, args);
	va_end(args);
	return code;
}
