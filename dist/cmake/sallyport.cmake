# SPDX-License-Identifier: GPL-2.0-or-later
# How every target of the project is built: one function per kind of target, so that a folder's
# CMakeLists.txt is only a list of files.

set(SALLYPORT_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=: address,undefined or thread")
option(SALLYPORT_FUZZ "build the libFuzzer targets (clang only)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_library(sallyport_options INTERFACE)
target_include_directories(sallyport_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(sallyport_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Werror
  -fstack-protector-strong -fcf-protection -fstack-clash-protection)
target_compile_definitions(sallyport_options INTERFACE
  _GLIBCXX_ASSERTIONS BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
if(CMAKE_BUILD_TYPE MATCHES "Rel")
  target_compile_definitions(sallyport_options INTERFACE _FORTIFY_SOURCE=3)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(sallyport_options INTERFACE -ftrivial-auto-var-init=zero)
  endif()
endif()
target_link_options(sallyport_options INTERFACE -Wl,-z,relro,-z,now)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(SALLYPORT_SANITIZE)
  target_compile_options(sallyport_options INTERFACE
    -fsanitize=${SALLYPORT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(sallyport_options INTERFACE -fsanitize=${SALLYPORT_SANITIZE})
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_UNITY_BUILD)
  # Where it inlines across files, g++ 12 sees a variant's empty content as read. The presets that
  # compile each file alone keep the warning.
  target_compile_options(sallyport_options INTERFACE -Wno-maybe-uninitialized)
endif()
if(SALLYPORT_FUZZ)
  target_compile_options(sallyport_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# sallyport_library(NAME SOURCES file... [LIBRARIES lib...])
function(sallyport_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC sallyport_options ${arg_LIBRARIES})
  add_library(sallyport::${name} ALIAS ${name})
endfunction()

# sallyport_program(NAME SOURCES file... [LIBRARIES lib...] [DESTINATION dir] [COMPONENT name])
function(sallyport_program name)
  cmake_parse_arguments(arg "" "DESTINATION;COMPONENT" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sallyport_options ${arg_LIBRARIES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  if(NOT arg_DESTINATION)
    set(arg_DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/sallyport")
  endif()
  if(NOT arg_COMPONENT)
    set(arg_COMPONENT "${CMAKE_INSTALL_DEFAULT_COMPONENT_NAME}")
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION "${arg_DESTINATION}" COMPONENT "${arg_COMPONENT}")
endfunction()

# sallyport_test(NAME [THREADS] SOURCES file... [LIBRARIES lib...]): a GoogleTest program, in CTest
# group unit. THREADS: it starts some. No process of ours does, so ThreadSanitizer has nothing to
# look for in the others.
function(sallyport_test name)
  cmake_parse_arguments(arg "THREADS" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sallyport_options ${arg_LIBRARIES} test_places GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
  add_test(NAME ${name} COMMAND ${name})
  set(group unit)
  if(SALLYPORT_SANITIZE STREQUAL "thread" AND NOT arg_THREADS)
    set(group without-threads)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS ${group} TIMEOUT 300)
endfunction()

# sallyport_fuzz(NAME SOURCE file LIBRARIES lib...): a libFuzzer target with seeds in
# tests/fuzz/seeds/NAME; under CTest it runs its seeds and a few seconds more
function(sallyport_fuzz name)
  cmake_parse_arguments(arg "" "SOURCE" "LIBRARIES" ${ARGN})
  if(NOT SALLYPORT_FUZZ)
    return()
  endif()
  add_executable(${name} ${arg_SOURCE})
  target_link_libraries(${name} PRIVATE sallyport_options ${arg_LIBRARIES})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
  add_test(NAME ${name} COMMAND ${PROJECT_SOURCE_DIR}/tests/fuzz/run $<TARGET_FILE:${name}>
           ${PROJECT_SOURCE_DIR}/tests/fuzz/seeds/${name})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 900)
endfunction()
