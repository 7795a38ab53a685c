# Sourced by test and nightly: brings strace, which shows what a hub asks of the kernel, where it is missing and can be had.

if ! command -v strace >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "installing strace (apt-get) ..." >&2
  { apt-get install -qy --no-install-recommends strace || { apt-get update -q && apt-get install -qy --no-install-recommends strace; }; } >/dev/null 2>&1 ||
    echo "strace could not be installed: what it shows is left out, or fails where CI is set" >&2
fi
