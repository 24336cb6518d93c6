#!/usr/bin/env bash
# Runs a command in a different Debian. See usage() below.
set -euo pipefail
program=distribution
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<END
usage: tools/distribution.sh RELEASE COMMAND [ARGUMENT...]

Makes a Debian of that release, as bookworm, trixie or sid, with nothing in it but apt, and runs the
command there as root, in a copy of what was last committed here. Its output is printed, and its
exit status is ours; everything else is gone afterwards. Needs root, and some gigabytes in /var/tmp.

  ARCHITECTURES   whose packages can be installed there, as amd64,arm64 [this machine's]; with it
                  there is only the release itself, without its updates
  CCACHE_DIR      a directory of ccache that compilers there use, so that a second run is quicker
END
}

case ${1:-} in
  -h | --help) usage && exit ;;
esac
(($# > 1)) || wrong_usage "takes a release, as trixie, and a command (try --help)"
[[ $1 =~ ^[a-z]+$ ]] || wrong_usage "'$1' is no release of Debian; trixie is"
release=$1 command=("${@:2}")
((EUID == 0)) || cannot_run "needs root, to make a system of its own: try it with sudo"
git -C "$root" rev-parse HEAD >/dev/null 2>&1 ||
  cannot_run "tests what is committed, and this is no checkout of git"
need "${packages_distribution[@]}"

packages=ca-certificates ccache=${CCACHE_DIR:-}
environment=(HOME=/root LANG=C.UTF-8 CI="${CI:-}"
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
if [[ $ccache ]]; then
  mkdir -p "$ccache"
  packages+=,ccache
  environment+=(CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_DIR=/ccache CCACHE_NOHASHDIR=1
    CCACHE_BASEDIR=/root/project)
fi

# We've seen a mirror whose list of updates for a rare processor didn't match the signature. The
# mirror is apt's own or, if apt has none of Debian's, mmdebstrap's.
mirror=()
if [[ ${ARCHITECTURES:-} ]]; then
  mapfile -t mirror < <(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' \
    'Origin: Debian' 'Label: Debian' | head -n 1)
fi

system=$(mktemp -d /var/tmp/six-servers.XXXXXX)
trap 'rm -rf --one-file-system "$system"' EXIT
trap 'exit 130' INT
# The Release file of sid is valid for a week only, and a mirror that is not updated that often has
# an expired one: Check-Valid-Until. A throw-away system needn't survive a power failure.
quietly "making a bare Debian $release" mmdebstrap --variant=apt --mode=root \
  --architectures="${ARCHITECTURES:-$(dpkg --print-architecture)}" --include="$packages" \
  --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt=force-unsafe-io \
  "$release" "$system" "${mirror[@]}" || exit 1
chmod 755 "$system"
cp -L /etc/resolv.conf /etc/hosts "$system/etc/"
# Only root may enter root's home, so tests that run as somebody else must cope with that.
mkdir "$system/root/project" "$system/ccache"
git -C "$root" archive HEAD | tar -x -C "$system/root/project"

# With its own process namespace, so that none of the command's processes survives it.
# shellcheck disable=SC2016 # expanded by the other shell
unshare --mount --pid --fork --kill-child bash -c '
  set -e
  system=$1 ccache=$2
  shift 2
  mount --make-rprivate /
  mount --bind "$system" "$system"
  mount -t proc proc "$system/proc"
  mount --rbind /sys "$system/sys"
  mount --rbind /dev "$system/dev"
  [[ ! $ccache ]] || mount --bind "$ccache" "$system/ccache"
  cd "$system"
  mount --move . / # a chroot alone may make no user namespaces, and tests do
  exec chroot . env --ignore-environment --chdir=/root/project "$@"
' distribution "$system" "$ccache" "${environment[@]}" "${command[@]}" </dev/null
