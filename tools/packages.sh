# shellcheck shell=bash disable=SC2034,SC2154 # tools/lib.sh, which sources this, sets python
# Debian's packages, by the programs that need them.
packages_build=(g++ cmake ninja-build libfmt-dev libcli11-dev)
packages_http=(libboost-dev)
packages_uring=(liburing-dev pkg-config)
packages_talk=(ncat xxd iproute2 procps strace curl) # and the book's other programs
packages_unit=(libgtest-dev libgmock-dev)
packages_protocol=(python3 python3-pytest python3-hypothesis python3-pytest-xdist
  python3-pytest-timeout)
packages_tools=(python3-cram curl iproute2 ncat patch procps strace valgrind xxd)
packages_fingerd=(libseccomp-dev)
# netbase: Debian's finger looks its port up; a bare Debian 13 has no mount(8)
packages_finger=("${packages_fingerd[@]}" finger mount netbase scdoc)
packages_book=(universal-ctags)
packages_site=(nodejs npm pandoc librsvg2-bin)
packages_browser=(chromium poppler-utils epubcheck)
packages_kernel=(qemu-system-x86 busybox-static cpio kmod xz-utils)
packages_distribution=(mmdebstrap debian-archive-keyring git)
packages_machine=(mmdebstrap debian-archive-keyring arch-test git cpio zstd seabios bsdiff patch)
packages_release=(git debhelper dpkg-dev)
packages_clang=(clang-19 libclang-rt-19-dev)

# The file that proves that a package is there, however it was installed.
declare -A proofs=(
  [g++]=command:g++ [cmake]=command:cmake [ninja-build]=command:ninja
  [libfmt-dev]=header:fmt/core.h [libcli11-dev]=header:CLI/CLI.hpp
  [libboost-dev]=header:boost/beast/http.hpp
  [liburing-dev]=header:liburing.h [pkg-config]=command:pkg-config
  [libseccomp-dev]=header:seccomp.h
  [libgtest-dev]=header:gtest/gtest.h [libgmock-dev]=header:gmock/gmock.h
  [python3]=file:$python [python3-pytest]=module:pytest [python3-hypothesis]=module:hypothesis
  [python3-pytest-xdist]=module:xdist [python3-pytest-timeout]=module:pytest_timeout
  [python3-cram]=module:cram
  [curl]=command:curl [iproute2]=command:ss [ncat]=command:ncat [patch]=command:patch
  [procps]=command:ps [strace]=command:strace [valgrind]=command:valgrind
  [xxd]=command:xxd
  [clang-19]=command:clang++-19 [libclang-rt-19-dev]=file:/usr/lib/llvm-19/lib/clang/19/lib/linux
  [clang-format-14]=command:clang-format-14 [shellcheck]=command:shellcheck
  [nodejs]=command:node [npm]=command:npm [pandoc]=command:pandoc
  [librsvg2-bin]=command:rsvg-convert [universal-ctags]=command:ctags
  [finger]=command:finger [mount]=command:mount [netbase]=file:/etc/services [scdoc]=command:scdoc
  [chromium]=command:chromium [poppler-utils]=command:pdftotext
  [epubcheck]=command:epubcheck [mmdebstrap]=command:mmdebstrap [git]=command:git
  [debian-archive-keyring]=file:/usr/share/keyrings/debian-archive-keyring.gpg
  [debhelper]=command:dh [dpkg-dev]=command:dpkg-buildpackage
  [qemu-system-x86]=command:qemu-system-x86_64 [busybox-static]=command:busybox
  [arch-test]=command:arch-test [zstd]=command:zstd [seabios]=file:/usr/share/seabios/bios.bin
  [bsdiff]=command:bsdiff [cpio]=command:cpio [kmod]=command:depmod [xz-utils]=command:xz
)
