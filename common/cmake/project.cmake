# What every part needs of a build. The CMakeLists.txt at the top includes this, and so does that of
# a part which is built alone:
#
#   cmake -G Ninja -S part3-nonblocking -B build/part3 && cmake --build build/part3
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/version.txt SIX_SERVERS_VERSION)
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# With functions and lines, which a backtrace, perf and the sanitizers want. Variables would make it
# compile a third longer: CMAKE_BUILD_TYPE=Debug has them. Without -DNDEBUG, since an assertion
# costs little and says much.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

if(CMAKE_SIZEOF_VOID_P EQUAL 4)  # times after 2038, and files of more than 2 GiB
  add_compile_definitions(_TIME_BITS=64 _FILE_OFFSET_BITS=64)
endif()

option(HARDENED "as what is installed should be built" OFF)
if(HARDENED)
  include(${CMAKE_CURRENT_LIST_DIR}/hardened.cmake)
endif()

if(PROJECT_IS_TOP_LEVEL)
  include(CTest)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
  endif()
else()
  set(BUILD_TESTING OFF)  # a project that takes a part of this has tests of its own
endif()

# Warnings that hold for everything we compile. Clang sees two statements in one, which GCC does
# not; and what it would say of libseccomp's macros and of libstdc++ 12's sort is not ours to mend.
add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  "$<$<CXX_COMPILER_ID:Clang>:-Wcomma;-Wno-c99-extensions;-Wno-deprecated-declarations>"
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>)

include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/stage.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/steps.cmake)

# add_neighbour(DIRECTORY): a part that is built alone takes in what it links. Only what is linked
# is built, and none of it is tested.
function(add_neighbour directory)
  set(BUILD_TESTING OFF)
  add_subdirectory(../${directory} ${directory} EXCLUDE_FROM_ALL)
endfunction()

# left_out(PART LIBRARY PACKAGE): the part cannot be built here. An error when it was to be built
# alone; the other parts are built without it.
function(left_out part library package)
  if(part STREQUAL PROJECT_NAME)
    message(FATAL_ERROR "${part} needs ${library} (Debian: apt-get install ${package})")
  endif()
  message(STATUS "${part} is left out: no ${library} (Debian: apt-get install ${package})")
endfunction()

# precompiled(TARGET…): their sources find these headers compiled already, which is half of the time
# that a small one takes. A source still names what it needs: -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
# builds without. ccache has to compile more often with them than without; and of a hardened build
# a library's code may lie elsewhere than a program's (-fPIC, -fPIE), so that they fit one of them.
add_library(precompiled_headers STATIC ${CMAKE_CURRENT_LIST_DIR}/precompiled.cc)
target_precompile_headers(precompiled_headers PRIVATE
  <algorithm> <array> <atomic> <cassert> <chrono> <coroutine> <cstdint> <expected> <functional>
  <limits> <memory> <mutex> <optional> <span> <string> <string_view> <system_error> <thread>
  <utility> <vector> <fmt/format.h>)
target_link_libraries(precompiled_headers PRIVATE Threads::Threads fmt::fmt project_warnings)
function(precompiled)
  if(HARDENED OR CMAKE_CXX_COMPILER_LAUNCHER MATCHES ccache)
    return()
  endif()
  foreach(target IN LISTS ARGN)
    target_precompile_headers(${target} REUSE_FROM precompiled_headers)
    # They fit only where the macros are the same: those of {fmt}, in what has none of it, too.
    target_compile_definitions(${target} PRIVATE
      $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
  endforeach()
endfunction()
