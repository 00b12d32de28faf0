# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(dom0_test SOURCES
  dom0/call_record_test.cpp
  dom0/input_argument_test.cpp
  dom0/input_streams_test.cpp
  dom0/lease_test.cpp
  LIBRARIES dom0_core)
sallyport_test(relay_test SOURCES
  dom0/relay_test.cpp
  ../dom0/io/relay_client.cpp
  LIBRARIES dom0_relay)
sallyport_test(paper_qubes_test SOURCES dom0/paper_qubes_test.cpp LIBRARIES base_io)
sallyport_test(paper_blocks_test SOURCES dom0/paper_blocks_test.cpp LIBRARIES base_io)
sallyport_test(snapshots_test THREADS SOURCES dom0/snapshots_test.cpp
  LIBRARIES base_io base_sign policy_io scannerqube_verdict_note)
add_executable(nbd-reader block-proxy/snapshot/nbd_reader_main.cpp)
target_link_libraries(nbd-reader PRIVATE sallyport_options blockproxy_client)
set_target_properties(nbd-reader PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
add_dependencies(snapshots_test sallyportd sallyport-relay sallyport-agent sallyport-call sallyport
  sallyport-block-server sallyport-snapshot sallyport-snapshots sallyport-snapshot-call nbd-reader)
sallyport_test(assignments_test THREADS SOURCES
  dom0/assignments_test.cpp
  dom0/prompt_answers_test.cpp
  dom0/replug_daemon_test.cpp
  LIBRARIES base_io policy_io)
sallyport_test(config_test THREADS SOURCES dom0/config_test.cpp
  LIBRARIES agent_core base_io dom0_store)
if(SALLYPORT_SANITIZE)
  target_compile_definitions(config_test PRIVATE SALLYPORT_SANITIZED=true)
else()
  target_compile_definitions(config_test PRIVATE SALLYPORT_SANITIZED=false)
endif()
add_dependencies(config_test sallyportd sallyport-relay sallyport-agent sallyport-call qvm-device)
sallyport_test(kill_test THREADS SOURCES dom0/kill_test.cpp LIBRARIES base_io)
add_dependencies(kill_test sallyportd sallyport-relay sallyport-agent sallyport-call sallyport)
add_test(NAME kill_soak COMMAND kill_test)
set_tests_properties(kill_soak PROPERTIES LABELS soak TIMEOUT 14400 ENVIRONMENT SALLYPORT_KILLS=1000)
add_dependencies(paper_blocks_test sallyportd sallyport-relay sallyport-agent sallyport-call sallyport-qube)
add_dependencies(assignments_test sallyportd sallyport-relay sallyport-agent sallyport-call)
add_dependencies(paper_qubes_test sallyportd sallyport-relay sallyport-agent sallyport-call)
sallyport_test(dom0_admin_test SOURCES
  dom0/admin_request_test.cpp
  dom0/assignment_test.cpp
  dom0/block_options_test.cpp
  dom0/denied_interfaces_test.cpp
  dom0/device_description_test.cpp
  dom0/device_test.cpp
  dom0/device_history_test.cpp
  dom0/device_lines_test.cpp
  dom0/input_trust_test.cpp
  dom0/replug_test.cpp
  dom0/usb_options_test.cpp
  LIBRARIES dom0_admin)
sallyport_test(dom0_auto_attach_test SOURCES
  dom0/auto_attach_test.cpp
  dom0/registry_test.cpp
  LIBRARIES dom0_io)
find_package(Python3 3.9 COMPONENTS Interpreter REQUIRED)
add_test(NAME qubes_client COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/dom0/qubes_client_test.py
         ${PROJECT_BINARY_DIR}/bin)
add_custom_target(qubes_client DEPENDS sallyportd sallyport-relay sallyport-agent sallyport-call)
set_tests_properties(qubes_client PROPERTIES LABELS unit TIMEOUT 300)
sallyport_test(dom0_rights_test SOURCES dom0/admin_rights_test.cpp LIBRARIES dom0_io)
sallyport_test(dom0_audit_test SOURCES dom0/audit_test.cpp LIBRARIES dom0_io)
add_dependencies(dom0_audit_test sallyport)
sallyport_fuzz(audit_record_fuzz SOURCE fuzz/audit_record_fuzz.cpp LIBRARIES base_audit cli_core)
sallyport_test(dom0_store_test SOURCES dom0/store_test.cpp LIBRARIES dom0_store base_io)
sallyport_fuzz(admin_request_fuzz SOURCE fuzz/admin_request_fuzz.cpp LIBRARIES dom0_admin)
sallyport_fuzz(relay_fuzz SOURCE fuzz/relay_fuzz.cpp LIBRARIES dom0_core)
