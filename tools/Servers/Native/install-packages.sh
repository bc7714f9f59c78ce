# Installs the packages named as arguments, as root, without letting their services start: neither now nor at the next
# boot, and without the database cluster that Debian makes by default. Everything that was changed for that is put back.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

exec 9>/var/lock/servers-install.lock
flock 9

mark='# written by tools/Servers for the time of an installation'
policy=/usr/sbin/policy-rc.d
saved=$policy.saved-by-tools-servers
cluster=/etc/postgresql-common/createcluster.d/no-main-cluster-by-tools-servers.conf

put_back() {
    if grep -qsF "$mark" "$policy"; then rm -f "$policy"; fi
    if [ -e "$saved" ]; then mv -f "$saved" "$policy"; fi
    rm -f "$cluster"
    rmdir --ignore-fail-on-non-empty /etc/postgresql-common/createcluster.d 2>/dev/null || :
}
trap put_back EXIT
# An installation that was killed may have left its own behind.
put_back

if [ -e "$policy" ]; then mv "$policy" "$saved"; fi
printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
chmod 755 "$policy"
mkdir -p "${cluster%/*}"
echo 'create_main_cluster = false' >"$cluster"

# What is new here is switched off afterwards; what an operator had installed stays as it is.
fresh=()
for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || fresh+=("$package")
done

apt="apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Dpkg::Options::=--force-confold"
$apt update || echo 'apt-get update failed; trying with the package lists there are' >&2
$apt install --no-install-recommends "$@"

if [ -d /run/systemd/system ]; then
    for package in "${fresh[@]}"; do systemctl disable --quiet "$package.service" || :; done
fi
