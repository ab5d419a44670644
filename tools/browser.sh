#!/bin/sh
# Opens the HTML reports in Debian's Chromium, driven by playwright; what is missing is installed where that is
# allowed. Where it cannot be, one sentence says so, and nothing fails.
#
#     sh tools/browser.sh PYTHON
set -u
python=${1:-python3}

skip() {
	echo "browser tests skipped: $1" >&2
	exit 0
}

browser() {
	command -v chromium || command -v chromium-browser || command -v google-chrome
}

if ! browser >/dev/null; then
	command -v apt-get >/dev/null || skip "there is no Chromium and no apt-get; install chromium"
	test "$(id -u)" -eq 0 || skip "there is no Chromium; say: sudo apt-get install chromium"
	{ apt-get update && apt-get install -y --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1
	browser >/dev/null || skip "apt-get could not install chromium"
fi
if ! "$python" -c 'import playwright' 2>/dev/null; then
	"$python" -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[browser]' \
		|| skip "pip could not install the extra 'browser'"
fi
exec "$python" -m pytest -q -m browser tests/report
