# Every dependency is first looked for on the machine (find_package) and fetched only where it is
# not there. A target that the surrounding project has defined already is used as it is.
# Steer it with CMake's own switches:
#   -D FETCHCONTENT_TRY_FIND_PACKAGE_MODE=NEVER   always fetch
#   -D FETCHCONTENT_FULLY_DISCONNECTED=ON         never touch the network
#   -D FETCHCONTENT_SOURCE_DIR_<NAME>=path        use this source tree
include(FetchContent)

# SOURCE_SUBDIR names a folder that does not exist: of these only headers or a few C and C++ files
# are used, never their own build.
FetchContent_Declare(asio
  URL https://github.com/chriskohlhoff/asio/archive/refs/tags/asio-1-36-0.tar.gz
  URL_HASH SHA256=0310a76b27e1854f09f696b30de57dc490b5e1b17faed1eb8c9a2891f956e52b
  SOURCE_SUBDIR none
  FIND_PACKAGE_ARGS 1.22.1 MODULE)
FetchContent_Declare(llhttp
  URL https://github.com/nodejs/llhttp/archive/refs/tags/release/v9.3.0.tar.gz
  URL_HASH SHA256=1a2b45cb8dda7082b307d336607023aa65549d6f060da1d246b1313da22b685a
  SOURCE_SUBDIR none
  FIND_PACKAGE_ARGS 8.1 MODULE)
FetchContent_Declare(simdjson
  URL https://github.com/simdjson/simdjson/archive/refs/tags/v3.13.0.tar.gz
  URL_HASH SHA256=07a1bb3587aac18fd6a10a83fe4ab09f1100ab39f0cb73baea1317826b9f9e0d
  SOURCE_SUBDIR none
  FIND_PACKAGE_ARGS CONFIG)       # no version: its package accepts only the same minor one
FetchContent_Declare(nlohmann_json
  URL https://github.com/nlohmann/json/releases/download/v3.12.0/json.tar.xz
  URL_HASH SHA256=42f6e95cad6ec532fd372391373363b62a14af6d771056dbfc86160e6dfff7aa
  FIND_PACKAGE_ARGS 3.11 CONFIG)
FetchContent_Declare(Catch2       # made available by tests/ alone
  URL https://github.com/catchorg/Catch2/archive/refs/tags/v3.8.1.tar.gz
  URL_HASH SHA256=18b3f70ac80fccc340d8c6ff0f339b2ae64944782f8d2fca2bd705cf47cadb79
  FIND_PACKAGE_ARGS CONFIG)

if(ASYNCLLM_INSTALL)
  set(JSON_Install ON)            # only read if nlohmann_json is fetched: it then joins our install
endif()

find_package(Threads REQUIRED)
foreach(_name IN ITEMS asio llhttp simdjson nlohmann_json)
  if(NOT TARGET ${_name}::${_name})
    FetchContent_MakeAvailable(${_name})
  endif()
endforeach()

if(NOT TARGET asio::asio)         # asio was fetched
  include(AsioTarget)
  asyncllm_add_asio_target("${asio_SOURCE_DIR}")
endif()

# --- details of ours ---------------------------------------------------------
# Where the machine has a library, it is linked. Where there are only sources (Debian 12's llhttp,
# all that was fetched), they are compiled into asyncllm itself with hidden symbols, so that
# nothing more has to be installed, exported or found again.
set(ASYNCLLM_PRIVATE_LIBRARIES)
set(ASYNCLLM_PRIVATE_DEFINITIONS)
set(ASYNCLLM_BUNDLED_INCLUDES)
set(_bundled)

if(TARGET llhttp::llhttp)
  list(APPEND ASYNCLLM_PRIVATE_LIBRARIES llhttp::llhttp)
else()
  if(NOT llhttp_SOURCES)          # llhttp was fetched
    set(llhttp_INCLUDE_DIR "${llhttp_SOURCE_DIR}/include")
    set(llhttp_SOURCES api.c http.c llhttp.c)
    list(TRANSFORM llhttp_SOURCES PREPEND "${llhttp_SOURCE_DIR}/src/")
  endif()
  list(APPEND _bundled ${llhttp_SOURCES})
  list(APPEND ASYNCLLM_BUNDLED_INCLUDES "${llhttp_INCLUDE_DIR}")
endif()

if(TARGET simdjson::simdjson)
  if(simdjson_VERSION AND simdjson_VERSION VERSION_LESS 3.0)
    message(FATAL_ERROR "asyncllm needs simdjson 3.0 or newer, found ${simdjson_VERSION} in ${simdjson_DIR}")
  endif()
  list(APPEND ASYNCLLM_PRIVATE_LIBRARIES simdjson::simdjson)
else()                            # simdjson was fetched
  list(APPEND _bundled "${simdjson_SOURCE_DIR}/singleheader/simdjson.cpp")
  list(APPEND ASYNCLLM_BUNDLED_INCLUDES "${simdjson_SOURCE_DIR}/singleheader")
endif()

if(_bundled)
  add_library(asyncllm_bundled OBJECT ${_bundled})
  target_compile_features(asyncllm_bundled PRIVATE cxx_std_20)
  target_include_directories(asyncllm_bundled SYSTEM PRIVATE ${ASYNCLLM_BUNDLED_INCLUDES})
  set_target_properties(asyncllm_bundled PROPERTIES
    POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden)
endif()

if(ASYNCLLM_WITH_TLS)
  find_package(OpenSSL 3.0 REQUIRED)
  list(APPEND ASYNCLLM_PRIVATE_LIBRARIES OpenSSL::SSL OpenSSL::Crypto)
  list(APPEND ASYNCLLM_PRIVATE_DEFINITIONS ASYNCLLM_WITH_TLS)
endif()

if(ASYNCLLM_WITH_ZLIB)            # without it, an answer that a gateway compressed is an error
  find_package(ZLIB)
  if(ZLIB_FOUND)
    list(APPEND ASYNCLLM_PRIVATE_LIBRARIES ZLIB::ZLIB)
    list(APPEND ASYNCLLM_PRIVATE_DEFINITIONS ASYNCLLM_WITH_ZLIB)
  endif()
endif()
