# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(dom0_test SOURCES
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
sallyport_test(snapshots_test SOURCES dom0/snapshots_test.cpp LIBRARIES base_io)
add_executable(nbd-reader block-proxy/snapshot/nbd_reader_main.cpp)
target_link_libraries(nbd-reader PRIVATE sallyport_options blockproxy_client)
set_target_properties(nbd-reader PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
add_dependencies(snapshots_test sallyportd sallyport-relay sallyport-agent sallyport-call sallyport
  sallyport-block-server sallyport-snapshot sallyport-snapshots sallyport-snapshot-call nbd-reader)
sallyport_test(assignments_test SOURCES dom0/assignments_test.cpp LIBRARIES base_io)
sallyport_test(config_test SOURCES dom0/config_test.cpp
  LIBRARIES agent_core base_io dom0_store)
if(SALLYPORT_SANITIZE)
  target_compile_definitions(config_test PRIVATE SALLYPORT_SANITIZED=true)
else()
  target_compile_definitions(config_test PRIVATE SALLYPORT_SANITIZED=false)
endif()
add_dependencies(config_test sallyportd sallyport-relay sallyport-agent sallyport-call qvm-device)
add_dependencies(paper_blocks_test sallyportd sallyport-relay sallyport-agent sallyport-call)
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
  LIBRARIES dom0_admin)
sallyport_test(dom0_audit_test SOURCES dom0/audit_test.cpp LIBRARIES dom0_io)
add_dependencies(dom0_audit_test sallyport)
sallyport_fuzz(audit_record_fuzz SOURCE fuzz/audit_record_fuzz.cpp LIBRARIES base_audit cli_core)
sallyport_test(dom0_store_test SOURCES dom0/store_test.cpp LIBRARIES dom0_store base_io)
sallyport_fuzz(admin_request_fuzz SOURCE fuzz/admin_request_fuzz.cpp LIBRARIES dom0_admin)
sallyport_fuzz(relay_fuzz SOURCE fuzz/relay_fuzz.cpp LIBRARIES dom0_core)
