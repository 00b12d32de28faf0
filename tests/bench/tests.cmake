# SPDX-License-Identifier: GPL-2.0-or-later
# ./bench: the program that measures, what it runs inside machines, and the test of its reports.
sallyport_library(bench_report SOURCES bench/report.cpp LIBRARIES base_io Boost::json)
sallyport_test(bench_report_test SOURCES bench/report_test.cpp LIBRARIES bench_report)
add_test(NAME bench_command COMMAND ${PROJECT_SOURCE_DIR}/tests/bench/command_test)
set_tests_properties(bench_command PROPERTIES LABELS unit TIMEOUT 60)
add_custom_target(bench_command)  # as for every test, so that a group is built by its tests' names

# Machines, as for the rig's tests; nothing is measured under a sanitizer.
if(NOT SALLYPORT_SANITIZE AND NOT SALLYPORT_FUZZ)
  add_executable(bench_guest bench/guest_main.cpp bench/guest_disk.cpp bench/guest_usb.cpp)
  target_link_libraries(bench_guest PRIVATE sallyport_options rig_static_io uring)
  target_link_options(bench_guest PRIVATE -static)
  add_library(bench_allocations MODULE bench/allocations.cpp)  # for LD_PRELOAD
  target_link_libraries(bench_allocations PRIVATE sallyport_options)
  add_executable(bench_session bench/session_main.cpp)
  # The rig that plays kernel and backend is of tests.
  target_link_libraries(bench_session PRIVATE sallyport_options usbproxy_core GTest::gtest)
  add_executable(bench_input_guest bench/input_guest_main.cpp)
  target_link_libraries(bench_input_guest PRIVATE
    sallyport_options inputproxy_receiver inputproxy_sender)
  add_executable(bench_block_guest bench/block_guest_main.cpp)
  target_link_libraries(bench_block_guest PRIVATE sallyport_options base_io)
  add_executable(bench_main bench/main.cpp bench/block.cpp bench/block_client.cpp
    bench/block_mounted.cpp
    bench/block_server.cpp bench/block_snapshot.cpp bench/guest.cpp bench/input.cpp bench/policy.cpp
    bench/scan.cpp bench/scan_cost.cpp bench/scan_ours.cpp bench/scan_peers.cpp bench/scan_qube.cpp
    bench/usb.cpp bench/usb_peers.cpp bench/usb_sound.cpp scan-qube/daemons.cpp)
  target_link_libraries(bench_main PRIVATE
    sallyport_options bench_report blockproxy_nbd policy_core rig rig_sound scannerqube_clamav
    scannerqube_report_json scannerqube_scan typing_traces)
  # Each group has small words of its own for what it measures.
  set_target_properties(bench_main PROPERTIES UNITY_BUILD OFF)
  add_dependencies(bench_main bench_allocations bench_session bench_guest bench_block_guest bench_input_guest rig_guest
    rig_sound_guest)
  set_target_properties(bench_allocations PROPERTIES
    PREFIX "" LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
  set_target_properties(bench_guest bench_block_guest bench_input_guest bench_main bench_session PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
endif()
