# asyncllm_compile_together(<target> <name> <base> <file>...): compiles the files, which lie below the
# include directory <base> of the target, as one: their headers and templates are compiled once.
# Not CMake's UNITY_BUILD: its files hold absolute paths, which make the compiler's output differ
# from checkout to checkout and useless to another one's ccache.
function(asyncllm_compile_together target name base)
  set(_lines)
  foreach(_file IN LISTS ARGN)
    cmake_path(RELATIVE_PATH _file BASE_DIRECTORY "${base}")
    string(APPEND _lines "#include \"${_file}\"\n")
  endforeach()
  set(_together "${CMAKE_CURRENT_BINARY_DIR}/together/${target}/${name}.cpp")
  file(CONFIGURE OUTPUT "${_together}" CONTENT "${_lines}" @ONLY)
  target_sources(${target} PRIVATE "${_together}")
endfunction()
