# asyncllm_add_asio_target(<dir>): asio::asio from a folder that holds asio.hpp, or from the root
# of an Asio source tree of either layout (before 1.38 the headers lie in asio/include, since then
# in include). Sets asio_VERSION.

function(asyncllm_read_asio_version dir out)
  file(STRINGS "${dir}/asio/version.hpp" _line REGEX "^#define ASIO_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" _number "${_line}")
  math(EXPR _major "${_number} / 100000")
  math(EXPR _minor "${_number} / 100 % 1000")
  math(EXPR _patch "${_number} % 100")
  set(${out} "${_major}.${_minor}.${_patch}" PARENT_SCOPE)
endfunction()

function(asyncllm_add_asio_target dir)
  find_path(_asio_dir asio.hpp NO_CACHE REQUIRED NO_DEFAULT_PATH
    PATHS "${dir}" "${dir}/asio/include" "${dir}/include")
  asyncllm_read_asio_version("${_asio_dir}" _version)
  # IMPORTED: such a target may stand in an export set's link interface without being installed;
  # the package config finds it again by find_dependency(asio).
  add_library(asio::asio INTERFACE IMPORTED GLOBAL)
  target_include_directories(asio::asio INTERFACE "${_asio_dir}")
  target_compile_definitions(asio::asio INTERFACE ASIO_STANDALONE)
  target_link_libraries(asio::asio INTERFACE Threads::Threads)
  # Before 1.26 (Debian 12 has 1.22.1) Asio does not see that Clang has standard coroutines.
  if(_version VERSION_LESS 1.26)
    target_compile_definitions(asio::asio INTERFACE
      "$<$<CXX_COMPILER_ID:Clang,AppleClang>:ASIO_HAS_CO_AWAIT;ASIO_HAS_STD_COROUTINE>")
  endif()
  set(asio_VERSION "${_version}" PARENT_SCOPE)
endfunction()
