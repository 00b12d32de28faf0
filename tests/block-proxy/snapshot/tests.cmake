# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(blockproxy_snapshot_test SOURCES
  block-proxy/snapshot/block_pool_test.cpp
  block-proxy/snapshot/crash_test.cpp
  block-proxy/snapshot/request_test.cpp
  block-proxy/snapshot/tree_test.cpp
  block-proxy/snapshot/store_test.cpp
  block-proxy/snapshot/overlay_test.cpp
  LIBRARIES blockproxy_store)
# The process, with nbdcopy, fio and nbdkit.
sallyport_test(snapshot_server_test THREADS SOURCES
  block-proxy/block_server_rig.cpp
  block-proxy/snapshot/margin_test.cpp
  block-proxy/snapshot/server_test.cpp
  block-proxy/snapshot/supervisor_test.cpp
  LIBRARIES blockproxy_snapshot blockproxy_nbd rig)
add_dependencies(snapshot_server_test sallyport-block-server sallyport-snapshot sallyport-snapshots)
sallyport_fuzz(snapshot_store_fuzz SOURCE fuzz/snapshot_store_fuzz.cpp LIBRARIES blockproxy_snapshot)
sallyport_fuzz(snapshot_request_fuzz SOURCE fuzz/snapshot_request_fuzz.cpp
  LIBRARIES blockproxy_snapshot)
sallyport_fuzz(snapshot_folder_fuzz SOURCE fuzz/snapshot_folder_fuzz.cpp LIBRARIES blockproxy_store)
sallyport_fuzz(block_attach_fuzz SOURCE fuzz/block_attach_fuzz.cpp LIBRARIES blockproxy_frontend)
# Figures, by hand: README.md of block-proxy/snapshot. Nothing is measured under a sanitizer.
if(NOT SALLYPORT_SANITIZE AND NOT SALLYPORT_FUZZ)
  add_executable(blockproxy_store_bench block-proxy/snapshot/store_bench.cpp)
  target_link_libraries(blockproxy_store_bench PRIVATE sallyport_options blockproxy_store)
  set_target_properties(blockproxy_store_bench PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
endif()
