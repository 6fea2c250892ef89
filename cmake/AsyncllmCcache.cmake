# The project's own builds share one ccache, at its default place, whatever the folder of the
# checkout. Without ccache, or with a launcher of the user's, nothing changes.
find_program(ASYNCLLM_CCACHE ccache)
mark_as_advanced(ASYNCLLM_CCACHE)
if(ASYNCLLM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(_launcher "${PROJECT_BINARY_DIR}/ccache.sh")
  file(CONFIGURE OUTPUT "${_launcher}" @ONLY CONTENT [[
#!/bin/sh
# Paths below the checkout count as relative ones, so that checkouts in different folders share.
CCACHE_BASEDIR="@PROJECT_SOURCE_DIR@" CCACHE_NOHASHDIR=1 exec "@ASYNCLLM_CCACHE@" "$@"
]])
  file(CHMOD "${_launcher}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  set(CMAKE_C_COMPILER_LAUNCHER "${_launcher}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${_launcher}")
endif()
