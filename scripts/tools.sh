# Sourced by test and nightly: brings what tests run beside hubs, where it is missing and can be had: strace, which shows what a
# hub asks of the kernel, a NATS server, what makes certificates and asks as scripts do, and the shells that are completed for.

bring() {
  local package=$1
  if command -v "$package" >/dev/null || ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then return 0; fi
  echo "installing $package (apt-get) ..." >&2
  { apt-get install -qy --no-install-recommends "$package" || { apt-get update -q && apt-get install -qy --no-install-recommends "$package"; }; } >/dev/null 2>&1 ||
    echo "$package could not be installed: what needs it is left out, or fails where CI is set" >&2
}
for package in strace nats-server curl openssl zsh fish; do bring "$package"; done
