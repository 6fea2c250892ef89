# Only for our own C++ (the library's, the tests', the examples'): never for whoever links the
# library, and never for what is compiled from other projects.
add_library(asyncllm_warnings INTERFACE)
target_compile_options(asyncllm_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  $<$<BOOL:${ASYNCLLM_WERROR}>:-Werror>)
foreach(_target IN ITEMS asyncllm asyncllm_testing)
  target_link_libraries(${_target} PRIVATE $<BUILD_INTERFACE:asyncllm_warnings>)
endforeach()
