#!/bin/sh
# For machines without dpkg: puts meshprobe in place, or takes it away. Run it as root, in the directory where it was unpacked.
# Usage: ./install.sh            installs, or upgrades: your configuration is kept, a changed default lies beside it as *.yaml.new
#        ./install.sh --remove   removes the program; configuration and evidence stay
#        ./install.sh --purge    removes everything
set -eu
cd "$(dirname "$0")"

UNITS="meshprobe.service meshprobe-collector.service"
USERS="meshprobe meshprobe-collector"
SHARED="man/man1/meshprobe.1.gz man/man5/meshprobe-peers.5.gz man/man5/meshprobe-collector.5.gz bash-completion/completions/meshprobe"

has_systemd() { [ -d /run/systemd/system ]; }

remove() {
  if has_systemd; then systemctl disable --now meshprobe.service meshprobe-collector.service || true; fi
  rm -rf /usr/lib/meshprobe /usr/bin/meshprobe /usr/share/doc/meshprobe
  for unit in $UNITS; do rm -f "/usr/lib/systemd/system/$unit"; done
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
    rm -rf /var/lib/meshprobe /var/lib/meshprobe-collector /etc/meshprobe /run/meshprobe /run/meshprobe-collector
    for user in $USERS; do
      if id -u "$user" >/dev/null 2>&1; then userdel "$user"; fi
      if getent group "$user" >/dev/null; then groupdel "$user"; fi
    done
    exit 0
    ;;
  "") ;;
  *)
    sed -n '2,5s/^# //p' "$0" >&2
    exit 2
    ;;
esac

for user in $USERS; do
  if ! id -u "$user" >/dev/null 2>&1; then
    groupadd --system --force "$user"
    useradd --system --gid "$user" --home-dir "/var/lib/$user" --no-create-home --shell /usr/sbin/nologin "$user"
  fi
done
# The collector's tokens are made before its first start.
if [ ! -e /var/lib/meshprobe-collector ]; then
  install -d -m 0750 -o meshprobe-collector -g meshprobe-collector /var/lib/meshprobe-collector
fi
# Beside and then moved: the agent runs on while its files are replaced.
rm -rf /usr/lib/meshprobe.new
cp -R usr/lib/meshprobe /usr/lib/meshprobe.new
rm -rf /usr/lib/meshprobe
mv /usr/lib/meshprobe.new /usr/lib/meshprobe
install -m 0755 usr/bin/meshprobe /usr/bin/meshprobe
for unit in $UNITS; do install -D -m 0644 "usr/lib/systemd/system/$unit" "/usr/lib/systemd/system/$unit"; done
mkdir -p /usr/share/doc
rm -rf /usr/share/doc/meshprobe
cp -R usr/share/doc/meshprobe /usr/share/doc/meshprobe
for file in $SHARED; do install -D -m 0644 "usr/share/$file" "/usr/share/$file"; done
for file in peers.yaml collector.yaml; do
  if [ ! -e "/etc/meshprobe/$file" ]; then
    install -D -m 0644 "etc/meshprobe/$file" "/etc/meshprobe/$file"
  elif ! cmp -s "etc/meshprobe/$file" "/etc/meshprobe/$file"; then
    install -m 0644 "etc/meshprobe/$file" "/etc/meshprobe/$file.new"
  fi
done
if has_systemd; then
  systemctl daemon-reload
  systemctl enable meshprobe.service
  systemctl restart meshprobe.service
  systemctl try-restart meshprobe-collector.service
fi
