# Warnings that hold for everything we compile.
add_library(project_warnings INTERFACE)
target_compile_options(project_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor)

# add_stage(SOURCES server.cc … [LIBRARIES common_http …])
# A stage is the directory it stands in: an executable of that name, and its steps.
function(add_stage)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "" "SOURCES;LIBRARIES")
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME name)
  add_executable(${name} main.cc ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE common_server ${arg_LIBRARIES} project_warnings)
  add_steps()
endfunction()
