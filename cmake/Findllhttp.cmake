# Finds llhttp. Either the target llhttp::llhttp exists afterwards, or only its C files were found
# (Debian 12's node-llhttp) and llhttp_SOURCES and llhttp_INCLUDE_DIR are set.
# Variables: llhttp_FOUND, llhttp_VERSION.
find_package(llhttp CONFIG QUIET)     # 9.x of Debian 13, vcpkg, Conan; Debian's has no version file
if(NOT TARGET llhttp::llhttp)
  foreach(_target IN ITEMS llhttp::llhttp_static llhttp::llhttp_shared)   # up to 9.4.0
    if(TARGET ${_target})
      add_library(llhttp::llhttp INTERFACE IMPORTED)
      target_link_libraries(llhttp::llhttp INTERFACE ${_target})
      break()
    endif()
  endforeach()
endif()
if(TARGET llhttp::llhttp)
  set(llhttp_FOUND TRUE)
  return()
endif()

find_path(llhttp_INCLUDE_DIR llhttp.h
  PATH_SUFFIXES include include/llhttp share/include/llhttp llhttp)
find_library(llhttp_LIBRARY NAMES llhttp)
find_path(llhttp_SOURCE_PATH llhttp.c PATH_SUFFIXES share/llhttp src/llhttp)

if(llhttp_INCLUDE_DIR)
  file(STRINGS "${llhttp_INCLUDE_DIR}/llhttp.h" _lines REGEX "define LLHTTP_VERSION_(MAJOR|MINOR|PATCH)")
  string(REGEX REPLACE "[^0-9;]" "" _lines "${_lines}")
  string(REPLACE ";" "." llhttp_VERSION "${_lines}")
endif()

if(llhttp_LIBRARY)
  set(_what llhttp_LIBRARY)
else()
  set(_what llhttp_SOURCE_PATH)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(llhttp REQUIRED_VARS ${_what} llhttp_INCLUDE_DIR VERSION_VAR llhttp_VERSION)
mark_as_advanced(llhttp_INCLUDE_DIR llhttp_LIBRARY llhttp_SOURCE_PATH)

if(llhttp_FOUND AND llhttp_LIBRARY)
  add_library(llhttp::llhttp UNKNOWN IMPORTED)
  set_target_properties(llhttp::llhttp PROPERTIES
    IMPORTED_LOCATION "${llhttp_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES "${llhttp_INCLUDE_DIR}")
elseif(llhttp_FOUND)
  set(llhttp_SOURCES api.c http.c llhttp.c)
  list(TRANSFORM llhttp_SOURCES PREPEND "${llhttp_SOURCE_PATH}/")
endif()
