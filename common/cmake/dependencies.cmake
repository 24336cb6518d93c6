# The libraries that several parts need, or the steps. What only one part needs, its own
# CMakeLists.txt looks for.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)  # or only this directory would see them
find_package(Threads REQUIRED)
find_package(fmt QUIET)
if(NOT TARGET fmt::fmt)
  message(FATAL_ERROR "{fmt} is missing (Debian: apt-get install libfmt-dev)")
endif()
if(PROJECT_IS_TOP_LEVEL AND NOT PROJECT_NAME STREQUAL "uring_loop")  # which has no options
  find_package(CLI11 QUIET)
  if(NOT TARGET CLI11::CLI11)
    message(FATAL_ERROR "CLI11 is missing (Debian: apt-get install libcli11-dev)")
  endif()
endif()
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  # The same in part6-uring/uring/install.cmake and debian/control.
  pkg_check_modules(liburing QUIET IMPORTED_TARGET GLOBAL liburing>=2.3)
  # It imitates kqueue(2) on epoll(7). No Debian has it; in the environment, LIBKQUEUE says where it
  # was installed to.
  list(APPEND CMAKE_PREFIX_PATH $ENV{LIBKQUEUE})
  pkg_check_modules(libkqueue QUIET IMPORTED_TARGET GLOBAL libkqueue)
else()  # what is to be said where one of its libraries is not found
  set(found_by "pkg-config to find ")
  set(pkg_config "pkg-config ")
endif()
