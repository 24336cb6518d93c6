#!/usr/bin/env bash
# Runs a command under a different Linux. See usage() below.
set -euo pipefail
program=kernel
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
  cat <<END
usage: tools/kernel.sh SERIES [COMMAND [ARGUMENT...]]

Boots Debian's newest kernel of that series, as 6.1, in QEMU's emulation, and runs the command there
as root. That machine sees the files of this one, and forgets what it writes; only what is written
below RESULTS, a directory, stays. Its output is printed, and its exit status is ours. Without a
command it only fetches the kernel.

  RESULTS   a directory that the command may write to
  SECONDS_MAX MEMORY   how long it may take [3600], and how much memory there is [4G]

Kernels are kept in build/kernels. The emulation is ten to twenty times slower than this machine.
END
}

case ${1:-} in
  -h | --help) usage && exit ;;
esac
(($# > 0)) || wrong_usage "takes a series, as 6.1, and a command (try --help)"
[[ $1 =~ ^[0-9]+\.[0-9]+$ ]] || wrong_usage "'$1' is no series of kernels; 6.1 is"
series=$1 command=("${@:2}")
results=${RESULTS:-}
kernels=$root/build/kernels
[[ $(uname -m) == x86_64 ]] || cannot_run "the kernels are for x86_64, and this is $(uname -m)"
need "${packages_kernel[@]}"

# Runs apt with other lists of packages, because a series may be in a different release than ours. A
# release that no longer exists isn't a fault.
# shellcheck disable=SC2317 # called by fetch
use_lists_of_our_own() {
  local mirror suite
  mkdir -p "$kernels/lists/partial" "$kernels/cache/archives/partial"
  mirror=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Origin: Debian' \
    'Label: Debian' | head -n 1)
  [[ $mirror ]] || cannot_run "Debian's kernels are for a Debian: its packages are not known here"
  for suite in bullseye bookworm trixie; do
    echo "deb $mirror $suite main"
    echo "deb ${mirror%/}-security $suite-security main"
    echo "deb $mirror $suite-backports main"
  done >"$kernels/sources"
  cat >"$kernels/apt.conf" <<END
Dir::Etc::SourceList "$kernels/sources";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$kernels/lists";
Dir::Cache "$kernels/cache";
END
  export APT_CONFIG=$kernels/apt.conf
  apt-get -q update || true
}

# Downloads are unpacked below $kernels/SERIES; nothing is installed.
# shellcheck disable=SC2317 # called by quietly
fetch() {
  local name part package
  use_lists_of_our_own
  name=$(apt-cache pkgnames "linux-image-$series." | grep -E '[0-9]-amd64$' | sort -V | tail -n 1)
  [[ $name ]] || cannot_run "Debian has no Linux $series"
  mkdir -p "$kernels/$series.new"
  cd "$kernels/$series.new"
  for part in image binary modules; do # one package or, in newer series, three
    apt-get -q download "${name/image/$part}" || [[ $part != image ]]
  done
  for package in *.deb; do dpkg-deb --extract "$package" .; done
  rm ./*.deb
  # The modules' directory depends on the release, and so does the one where modprobe looks.
  mkdir -p lib usr/lib
  [[ ! -d usr/lib/modules ]] || ln -s ../usr/lib/modules lib/modules
  [[ -e usr/lib/modules ]] || ln -s ../../lib/modules usr/lib/modules
  cd "$root"
  mv "$kernels/$series.new" "$kernels/$series"
}

# The first program of the machine, and the modules that it needs to see our files.
# pack DIRECTORY VERSION OUT
pack_initramfs() {
  local tree module
  tree=$(mktemp -d)
  mkdir -p "$tree"/{bin,lower,upper,new}
  cp "$(command -v busybox)" "$tree/bin/busybox"
  depmod --basedir "$1" "$2"
  for module in virtio_pci 9pnet_virtio 9p overlay; do
    modprobe --dirname "$1" --set-version "$2" --show-depends "$module"
  done | sed -n 's/^insmod //p' | awk '!seen[$1]++ { print $1 }' | while read -r module; do
    case $module in
      *.xz) xz -dc "$module" >"$tree/$(basename "$module" .xz)" ;;
      *) cp "$module" "$tree/" ;;
    esac
    echo "insmod /$(basename "$module" .xz)"
  done >"$tree/modules"
  install -m 755 "$root/tools/kernel-init" "$tree/init"
  (cd "$tree" && find . | cpio --create --format newc --quiet | gzip -1) >"$3"
  rm -rf "$tree"
}

[[ -d $kernels/$series ]] || quietly "fetching Debian's Linux $series" fetch
((${#command[@]} > 0)) || exit 0
version=$(basename "$kernels/$series"/lib/modules/*)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
pack_initramfs "$kernels/$series" "$version" "$work/initramfs"
[[ $results ]] || results=$work
{
  printf 'mount -t 9p -o trans=virtio,version=9p2000.L,msize=500000 results %q\n' "$results"
  printf 'export RESULTS=%q\n' "$results"
  printf 'cd %q\n' "$root"
  printf '%q ' "${command[@]}"
} >"$work/command"

# share DIRECTORY NAME [,OPTION] prints QEMU's options for mounting it by that name.
share() {
  echo "-virtfs local,path=$1,mount_tag=$2,id=$2,security_model=none,multidevs=remap${3:-}"
}
modules=$(realpath "$kernels/$series/lib/modules")
say "booting Linux $version"
# shellcheck disable=SC2046 # each prints several words
timeout --foreground "${SECONDS_MAX:-3600}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max \
  -smp "$(nproc)" -m "${MEMORY:-4G}" -nodefaults -no-reboot -display none -serial stdio \
  -device virtio-rng-pci -kernel "$kernels/$series/boot/vmlinuz-$version" \
  -initrd "$work/initramfs" -append "console=ttyS0 quiet panic=-1 mitigations=off" \
  $(share / files ,readonly=on) $(share "$modules" modules ,readonly=on) \
  $(share "$results" results) $(share "$work" work) </dev/null | sed --unbuffered 's/\r$//'
[[ -s $work/status ]] || cannot_run "the machine has stopped before the command had ended"
exit "$(<"$work/status")"
