# What another project's find_package(uring_loop) finds: the library, its headers, and those of
# common that they include.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/uring_loop)
set(headers include/uring_loop)
set_target_properties(common_headers PROPERTIES EXPORT_NAME headers)
set_target_properties(common_sockets PROPERTIES
  EXPORT_NAME sockets OUTPUT_NAME uring_loop_sockets EXCLUDE_FROM_ALL OFF)
install(TARGETS uring_loop common_sockets common_headers EXPORT uring_loop
  DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT uring_loop NAMESPACE uring_loop:: DESTINATION ${package})

install(DIRECTORY . DESTINATION ${headers}/uring FILES_MATCHING PATTERN "*.h"
  PATTERN examples EXCLUDE)
foreach(header error.h fd.h result.h net/accept.h net/address.h net/listen.h)
  cmake_path(GET header PARENT_PATH directory)
  install(FILES ../../common/${header} DESTINATION ${headers}/common/${directory})
endforeach()

file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/uring_loop-config.cmake [=[
include(CMakeFindDependencyMacro)
find_dependency(fmt)
find_dependency(PkgConfig)
if(NOT TARGET PkgConfig::liburing)
  pkg_check_modules(liburing REQUIRED IMPORTED_TARGET GLOBAL liburing>=2.3)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/uring_loop.cmake)
]=])
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/uring_loop-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/uring_loop-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/uring_loop-config-version.cmake
  DESTINATION ${package})
