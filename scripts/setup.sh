# Sourced by run and test. Installs what package-lock.json names, when it is not installed already, and sets `node` to the
# Node that runs HubMesh: the one that npm brought, or the machine's own where npm brings none.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

for tool in node npm; do
  if ! command -v "$tool" >/dev/null; then
    echo "hubmesh needs $tool (Node 18 or newer with npm): see https://nodejs.org" >&2
    exit 1
  fi
done

stamp=node_modules/.hubmesh-lock
lock=$(cksum <package-lock.json)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$lock" ]; then
  echo "installing packages (npm ci) ..." >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  # Written last: an installation that was interrupted is done again.
  echo "$lock" >"$stamp"
fi

node=node_modules/.bin/node
[ -x "$node" ] || node=node
