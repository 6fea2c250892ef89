# Finds standalone Asio. Target: asio::asio. Variables: asio_FOUND, asio_VERSION.
# Debian, Fedora and Homebrew ship bare headers, vcpkg and Conan a CMake config.
find_package(asio CONFIG QUIET)
if(TARGET asio::asio)
  set(asio_FOUND TRUE)
  return()
elseif(TARGET asio)
  add_library(asio::asio ALIAS asio)
  set(asio_FOUND TRUE)
  return()
endif()

include("${CMAKE_CURRENT_LIST_DIR}/AsioTarget.cmake")
find_path(asio_INCLUDE_DIR asio.hpp DOC "Folder that holds asio.hpp")
if(asio_INCLUDE_DIR)
  asyncllm_read_asio_version("${asio_INCLUDE_DIR}" asio_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(asio REQUIRED_VARS asio_INCLUDE_DIR VERSION_VAR asio_VERSION)
mark_as_advanced(asio_INCLUDE_DIR)

if(asio_FOUND)
  find_package(Threads REQUIRED)
  asyncllm_add_asio_target("${asio_INCLUDE_DIR}")
endif()
