#!/bin/sh
# For machines without dpkg: puts meshprobe in place, or takes it away. Run it as root, in the directory where it was unpacked.
# Usage: ./install.sh            installs, or upgrades: your peers.yaml is kept, a changed default lies beside it as peers.yaml.new
#        ./install.sh --remove   removes the program; configuration and evidence stay
#        ./install.sh --purge    removes everything
set -eu
cd "$(dirname "$0")"

SHARED="man/man1/meshprobe.1.gz man/man5/meshprobe-peers.5.gz bash-completion/completions/meshprobe"

has_systemd() { [ -d /run/systemd/system ]; }

remove() {
  if has_systemd; then systemctl disable --now meshprobe.service || true; fi
  rm -rf /usr/lib/meshprobe /usr/bin/meshprobe /usr/lib/systemd/system/meshprobe.service /usr/share/doc/meshprobe
  for file in $SHARED; do rm -f "/usr/share/$file"; done
  if has_systemd; then systemctl daemon-reload; fi
}

case "${1:-}" in
  --remove)
    remove
    exit 0
    ;;
  --purge)
    remove
    rm -rf /var/lib/meshprobe /etc/meshprobe /run/meshprobe
    if id -u meshprobe >/dev/null 2>&1; then userdel meshprobe; fi
    if getent group meshprobe >/dev/null; then groupdel meshprobe; fi
    exit 0
    ;;
  "") ;;
  *)
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
    ;;
esac

if ! id -u meshprobe >/dev/null 2>&1; then
  groupadd --system --force meshprobe
  useradd --system --gid meshprobe --home-dir /var/lib/meshprobe --no-create-home --shell /usr/sbin/nologin meshprobe
fi
# Beside and then moved: the agent runs on while its files are replaced.
rm -rf /usr/lib/meshprobe.new
cp -R usr/lib/meshprobe /usr/lib/meshprobe.new
rm -rf /usr/lib/meshprobe
mv /usr/lib/meshprobe.new /usr/lib/meshprobe
install -m 0755 usr/bin/meshprobe /usr/bin/meshprobe
install -D -m 0644 usr/lib/systemd/system/meshprobe.service /usr/lib/systemd/system/meshprobe.service
mkdir -p /usr/share/doc
rm -rf /usr/share/doc/meshprobe
cp -R usr/share/doc/meshprobe /usr/share/doc/meshprobe
for file in $SHARED; do install -D -m 0644 "usr/share/$file" "/usr/share/$file"; done
if [ ! -e /etc/meshprobe/peers.yaml ]; then
  install -D -m 0644 etc/meshprobe/peers.yaml /etc/meshprobe/peers.yaml
elif ! cmp -s etc/meshprobe/peers.yaml /etc/meshprobe/peers.yaml; then
  install -m 0644 etc/meshprobe/peers.yaml /etc/meshprobe/peers.yaml.new
fi
if has_systemd; then
  systemctl daemon-reload
  systemctl enable meshprobe.service
  systemctl restart meshprobe.service
fi
