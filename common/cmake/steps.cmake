find_program(CRAM NAMES cram3 cram DOC "runs the transcripts beside the steps")
if(BUILD_TESTING AND NOT CRAM)
  message(STATUS "the transcripts of the steps are left out of the tests: no cram (Debian: apt-get "
    "install python3-cram)")
endif()

# add_steps([PART DIRECTORY])
# Every steps/NN-name.cc below the current directory becomes a program of that name, and the
# transcript NN-name.t beside it a test; the same for another directory, whose steps are then named
# after PART. A step depends on nothing but the language, but for those of common, and for liburing
# in part6 and where its name has on-a-ring.
function(add_steps)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME part)
  set(directory steps)
  if(ARGC EQUAL 2)
    set(part ${ARGV0})
    set(directory ${ARGV1})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${directory}/*.cc)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM step)
    if(step MATCHES kqueue AND NOT TARGET PkgConfig::libkqueue)
      continue()  # Linux has none of its own
    endif()
    if(step MATCHES break-in AND NOT TARGET PkgConfig::libseccomp)
      continue()
    endif()
    if(step MATCHES on-a-ring AND NOT TARGET PkgConfig::liburing)
      continue()
    endif()
    file(STRINGS ${source} sessions REGEX "#include \"common/http/")  # chapter 9's last page
    if(sessions AND NOT TARGET common_http)
      continue()  # there is no Boost
    endif()
    add_step_program(${part}-${step} ${step} ${source} ${directory})
    if(sessions)
      target_link_libraries(${part}-${step} PRIVATE common_http)
    endif()
    file(STRINGS ${source} head LIMIT_COUNT 6)
    if(step MATCHES kqueue)
      target_link_libraries(${part}-${step} PRIVATE PkgConfig::libkqueue)
    elseif(head MATCHES "build: also with libkqueue" AND TARGET PkgConfig::libkqueue)
      add_step_program(${part}-${step}-kqueue ${step}-kqueue ${source} ${directory})
      target_link_libraries(${part}-${step}-kqueue PRIVATE PkgConfig::libkqueue)
    endif()
    # A build with a sanitizer of its own cannot have another one in it, and ThreadSanitizer needs
    # the addresses of a processor of 64 bits.
    if(CMAKE_SIZEOF_VOID_P EQUAL 8 AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize"
       AND head MATCHES "build: also with (-fsanitize=(address|thread))")
      set(flag ${CMAKE_MATCH_1})
      string(SUBSTRING ${CMAKE_MATCH_2} 0 1 initial)
      set(sanitized ${step}-${initial}san)
      add_step_program(${part}-${sanitized} ${sanitized} ${source} ${directory})
      target_compile_options(${part}-${sanitized} PRIVATE ${flag})
      target_link_options(${part}-${sanitized} PRIVATE ${flag})
    endif()
  endforeach()

  cmake_path(GET CMAKE_CURRENT_FUNCTION_LIST_DIR PARENT_PATH root)  # the project's
  cmake_path(GET root PARENT_PATH root)
  file(GLOB transcripts CONFIGURE_DEPENDS ${directory}/*.t)
  if(BUILD_TESTING AND CRAM)
    foreach(transcript IN LISTS transcripts)
      cmake_path(GET transcript STEM step)
      add_test(NAME steps.${part}.${step} COMMAND ${CRAM} --verbose --shell=/bin/bash ${transcript})
      # The time is for one that hangs: on a busy machine some take ten times as long. What has most
      # lines is begun first, since others fit in beside its end.
      file(SIZE ${transcript} length)
      set_tests_properties(steps.${part}.${step} PROPERTIES COST ${length}
        ENVIRONMENT "STEPS=${CMAKE_CURRENT_BINARY_DIR}/${directory};ROOT=${root}"
        LABELS steps TIMEOUT 300
        SKIP_REGULAR_EXPRESSION "# Ran 1 tests, 1 skipped")
    endforeach()
  endif()
endfunction()

function(add_step_program target name source directory)
  add_executable(${target} ${source})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${directory})
  target_link_libraries(${target} PRIVATE Threads::Threads project_warnings)
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/common$")
    target_link_libraries(${target} PRIVATE common)
  elseif(CMAKE_CURRENT_SOURCE_DIR MATCHES "/part6-uring$" OR name MATCHES on-a-ring)
    target_link_libraries(${target} PRIVATE PkgConfig::liburing)
  endif()
endfunction()
