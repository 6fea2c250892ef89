include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(_dir ${CMAKE_INSTALL_LIBDIR}/cmake/asyncllm)

install(TARGETS asyncllm asyncllm_testing EXPORT asyncllmTargets FILE_SET HEADERS FILE_SET impl)
install(EXPORT asyncllmTargets NAMESPACE asyncllm:: DESTINATION ${_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What the package config has to find again besides the public dependencies.
foreach(_name IN ITEMS llhttp simdjson)
  if(${_name}::${_name} IN_LIST ASYNCLLM_PRIVATE_LIBRARIES)
    set(_needs_${_name} ON)
  else()
    set(_needs_${_name} OFF)
  endif()
endforeach()
if(ZLIB::ZLIB IN_LIST ASYNCLLM_PRIVATE_LIBRARIES)
  set(_needs_zlib ON)
else()
  set(_needs_zlib OFF)
endif()
configure_package_config_file(cmake/asyncllmConfig.cmake.in
  "${CMAKE_CURRENT_BINARY_DIR}/asyncllmConfig.cmake" INSTALL_DESTINATION ${_dir})
write_basic_package_version_file(
  "${CMAKE_CURRENT_BINARY_DIR}/asyncllmConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${CMAKE_CURRENT_BINARY_DIR}/asyncllmConfig.cmake"
  "${CMAKE_CURRENT_BINARY_DIR}/asyncllmConfigVersion.cmake"
  cmake/Findasio.cmake cmake/AsioTarget.cmake cmake/Findllhttp.cmake
  DESTINATION ${_dir})
