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

# --- pkg-config ----------------------------------------------------------------
# A static library needs what it was built with, whether or not --static is given.
set(_pc_needs)
foreach(_pair IN ITEMS
    llhttp::llhttp=-lllhttp simdjson::simdjson=-lsimdjson OpenSSL::SSL=-lssl
    OpenSSL::Crypto=-lcrypto ZLIB::ZLIB=-lz)
  string(REPLACE "=" ";" _pair "${_pair}")
  list(GET _pair 0 _target)
  if(_target IN_LIST ASYNCLLM_PRIVATE_LIBRARIES)
    list(GET _pair 1 _flag)
    string(APPEND _pc_needs " ${_flag}")
  endif()
endforeach()
string(APPEND _pc_needs " -pthread")
if(BUILD_SHARED_LIBS)
  set(_pc_libs " -pthread")
  set(_pc_private_libs "${_pc_needs}")
else()
  set(_pc_libs "${_pc_needs}")
  set(_pc_private_libs "")
endif()
# Installed with the prefix of the installation, which may be given as late as `cmake --install`.
foreach(_name IN ITEMS asyncllm asyncllm_testing)
  install(CODE "
    set(PROJECT_VERSION \"${PROJECT_VERSION}\")
    set(PROJECT_DESCRIPTION \"${PROJECT_DESCRIPTION}\")
    set(_pc_libs \"${_pc_libs}\")
    set(_pc_private_libs \"${_pc_private_libs}\")
    get_filename_component(_prefix \"\${CMAKE_INSTALL_PREFIX}\" ABSOLUTE)
    cmake_path(APPEND _pc_includedir \"\${_prefix}\" \"${CMAKE_INSTALL_INCLUDEDIR}\")
    cmake_path(APPEND _pc_libdir \"\${_prefix}\" \"${CMAKE_INSTALL_LIBDIR}\")
    configure_file(\"${CMAKE_CURRENT_SOURCE_DIR}/cmake/${_name}.pc.in\"
      \"${CMAKE_CURRENT_BINARY_DIR}/${_name}.pc\" @ONLY)")
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${_name}.pc"
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
