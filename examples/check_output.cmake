# cmake -D COMMAND=program[;arguments] -D RESULT=code -D EXPECTED=file -P check_output.cmake
# Runs the command. It must end with the result and have printed just the lines of the file, where
# "#" stands for each time, rate and port: "in #s", "per second: #", "http://127.0.0.1:#".
execute_process(COMMAND ${COMMAND} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE result)
message("${output}")
if(NOT result EQUAL RESULT)
  message(FATAL_ERROR "${COMMAND} ended with ${result} instead of ${RESULT}")
endif()

string(REGEX REPLACE "[0-9]+\\.[0-9][0-9]s" "#s" output "${output}")
string(REGEX REPLACE "per second: [0-9.]+" "per second: #" output "${output}")
string(REGEX REPLACE "127\\.0\\.0\\.1:[0-9]+" "127.0.0.1:#" output "${output}")
file(READ "${EXPECTED}" expected)
if(NOT output STREQUAL expected)
  file(WRITE "${ACTUAL}" "${output}")
  message(FATAL_ERROR "The output above is not that of ${EXPECTED}; compare it with ${ACTUAL}")
endif()
