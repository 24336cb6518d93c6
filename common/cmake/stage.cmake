# Warnings that hold for everything we compile.
add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  $<$<CXX_COMPILER_ID:Clang>:-Wcomma>) # two statements in one, which GCC does not see

# add_stage(SOURCES server.cc … [LIBRARIES common_http …])
# A stage is named after its directory: an executable of that name, and its steps.
function(add_stage)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SOURCES;LIBRARIES")
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME name)
  add_steps()
  if("common_http" IN_LIST arg_LIBRARIES AND NOT TARGET common_http)
    left_out(${name} "Boost headers" libboost-dev)
    return()
  endif()
  add_executable(${name} main.cc ${arg_SOURCES})
  precompiled(${name})
  target_link_libraries(${name} PRIVATE common_server ${arg_LIBRARIES} project_warnings)
endfunction()
