find_program(CRAM NAMES cram3 cram DOC "runs the transcripts beside the steps")

# add_steps()
# Every steps/NN-name.cc below the current directory becomes a program of that name, and the
# transcript NN-name.t beside it a test. A step depends on nothing but the language, but for those
# of common, and for liburing in part6.
function(add_steps)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME part)
  file(GLOB sources CONFIGURE_DEPENDS steps/*.cc)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM step)
    add_step_program(${part}-${step} ${step} ${source})
    file(STRINGS ${source} head LIMIT_COUNT 6)
    # A build with a sanitizer of its own cannot have another one in it.
    if(head MATCHES "build: also with -fsanitize=thread"
       AND NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
      add_step_program(${part}-${step}-tsan ${step}-tsan ${source})
      target_compile_options(${part}-${step}-tsan PRIVATE -fsanitize=thread)
      target_link_options(${part}-${step}-tsan PRIVATE -fsanitize=thread)
    endif()
  endforeach()

  file(GLOB transcripts CONFIGURE_DEPENDS steps/*.t)
  if(BUILD_TESTING AND CRAM)
    foreach(transcript IN LISTS transcripts)
      cmake_path(GET transcript STEM step)
      add_test(NAME steps.${part}.${step} COMMAND ${CRAM} --shell=/bin/bash ${transcript})
      set_tests_properties(steps.${part}.${step} PROPERTIES
        ENVIRONMENT "STEPS=${CMAKE_CURRENT_BINARY_DIR}/steps" LABELS steps TIMEOUT 60
        SKIP_REGULAR_EXPRESSION "# Ran 1 tests, 1 skipped")
    endforeach()
  endif()
endfunction()

function(add_step_program target name source)
  add_executable(${target} ${source})
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/steps)
  target_link_libraries(${target} PRIVATE Threads::Threads project_warnings)
  if(CMAKE_CURRENT_SOURCE_DIR MATCHES "/common$")
    target_link_libraries(${target} PRIVATE common)
  elseif(CMAKE_CURRENT_SOURCE_DIR MATCHES "/part6-uring$")
    target_link_libraries(${target} PRIVATE PkgConfig::liburing)
  endif()
endfunction()
