#!/usr/bin/env bash
# Each script says how it is used: --help and -h print every name it takes and end with 0, without
# doing anything; what it does not take ends with 2 or 1, a sentence, and nothing done.
set -uo pipefail
cd "$1" || exit 1
status=0
wrong() {
	printf '%s\n' "$*"
	status=1
}

# SCRIPT WORDS...: what has to stand in its help
helps() {
	local script=$1 option text word
	shift
	for option in --help -h; do
		text=$("$script" $option 2>&1 </dev/null) || wrong "$script $option does not end with 0: $text"
		case $text in
		usage:* | *$'\n'usage:*) ;;
		*) wrong "$script $option has no line that begins with usage:" ;;
		esac
		for word in "$@"; do
			case $text in
			*"$word"*) ;;
			*) wrong "$script $option does not name $word" ;;
			esac
		done
	done
	if text=$("$script" --no-such-thing 2>&1 </dev/null); then
		wrong "$script --no-such-thing ends with 0"
	elif [ -z "$text" ]; then
		wrong "$script --no-such-thing says nothing"
	fi
}

helps scripts/test unit e2e peers bench readme package debian13 vm minutes
helps scripts/bench dataplane latency stages cache crypto cold peers idle flood control failover min
helps scripts/lab up down exec break heal roll status list info
helps scripts/demo --keep --end minutes
helps scripts/setup --build --check package vm
helps scripts/package/build --version FOLDER minutes
helps scripts/check-layers DIRECTORY
exit "$status"
