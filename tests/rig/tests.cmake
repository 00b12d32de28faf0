# SPDX-License-Identifier: GPL-2.0-or-later
# The rig: machines under QEMU that tests drive, and the test programs that need them.
sallyport_library(rig_wire SOURCES rig/wire.cpp LIBRARIES base_wire)
sallyport_library(rig_sound SOURCES rig/counted_sound.cpp LIBRARIES base_wire base_io)
sallyport_library(rig SOURCES
  rig/child.cpp
  rig/command_channel.cpp
  rig/kernel.cpp
  rig/line_socket.cpp
  rig/machine.cpp
  rig/qmp.cpp
  rig/shared_machine.cpp
  LIBRARIES rig_wire base_io test_places Boost::json)
sallyport_test(rig_test THREADS SOURCES
  rig/child_test.cpp
  rig/command_channel_test.cpp
  rig/counted_sound_test.cpp
  rig/qmp_test.cpp
  rig/wire_test.cpp
  LIBRARIES rig rig_sound)

# rig_machine_test(NAME LABEL label TIMEOUT seconds SOURCES file...): a GoogleTest program that boots
# machines; each wants a core of its own, so ./check runs as many at a time as there are cores
function(rig_machine_test name)
  cmake_parse_arguments(arg "" "LABEL;TIMEOUT" "SOURCES;LIBRARIES" ${ARGN})
  sallyport_test(${name} SOURCES ${arg_SOURCES} LIBRARIES rig ${arg_LIBRARIES})
  add_dependencies(${name} rig_guest rig_call rig_dma rig_vhci_fill)
  set_tests_properties(${name} PROPERTIES
    LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
endfunction()

# Sanitizers neither link statically nor say anything about code that runs in another machine.
if(NOT SALLYPORT_SANITIZE AND NOT SALLYPORT_FUZZ)
  # Static: they also run in an initramfs without a root file system. libseccomp, which base_io
  # brings, is a shared library, so the two files that are needed are taken alone.
  sallyport_library(rig_static_io SOURCES
    ${PROJECT_SOURCE_DIR}/base/io/fd.cpp
    ${PROJECT_SOURCE_DIR}/base/io/files.cpp
    LIBRARIES rig_wire)
  add_executable(rig_guest rig/guest/main.cpp rig/guest/guest.cpp)
  add_executable(rig_dma rig/dma_main.cpp)
  foreach(program rig_guest rig_dma)
    target_link_libraries(${program} PRIVATE sallyport_options rig_static_io)
    target_link_options(${program} PRIVATE -static)
  endforeach()
  add_executable(rig_call rig/call_main.cpp)
  target_link_libraries(rig_call PRIVATE sallyport_options rig)
  add_executable(rig_vhci_fill rig/vhci_fill_main.cpp)
  target_link_libraries(rig_vhci_fill PRIVATE sallyport_options base_io)
  add_executable(rig_sound_guest rig/sound_guest_main.cpp)
  target_link_libraries(rig_sound_guest PRIVATE sallyport_options rig_sound)
  set_target_properties(rig_guest rig_dma rig_call rig_vhci_fill rig_sound_guest PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
  include(one-vm/tests.cmake)
  include(early-disk/tests.cmake)
  include(whole-machine/tests.cmake)
  include(scan-qube/tests.cmake)
endif()
