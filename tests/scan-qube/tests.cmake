# SPDX-License-Identifier: GPL-2.0-or-later
# One program, so that the daemons and the waiting machines are shared; fixture in scan_qube.hpp.
rig_machine_test(scan_qube_test LABEL scan-qube TIMEOUT 1800 SOURCES
  scan-qube/daemons.cpp
  scan-qube/scan_qube.cpp
  scan-qube/verdict_test.cpp
  scan-qube/endings_test.cpp
  scan-qube/hostile_test.cpp
  scan-qube/release_test.cpp
  scan-qube/again_test.cpp
  scan-qube/remembered_test.cpp
  scan-qube/encrypted_test.cpp
  scanner-qube/unlock/volumes.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES scannerqube_cache scannerqube_desk_request scannerqube_release_check scannerqube_report_json scannerqube_volume_workers
    base_sign PkgConfig::libcrypto)
# The same with dom0's daemon and a prompt before it.
rig_machine_test(scan_first_test LABEL scan-qube TIMEOUT 900 SOURCES
  scan-qube/daemons.cpp
  scan-qube/scan_first_test.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES policy_io scannerqube_volume_workers base_sign PkgConfig::libcrypto)
add_dependencies(scan_first_test sallyportd sallyport-relay sallyport-agent sallyport-call sallyport
  sallyport-block-server sallyport-db-check sallyport-prompt sallyport-qube sallyport-scan-qube
  sallyport-scanner sallyport-scans sallyport-snapshot sallyport-snapshots sallyport-snapshot-call
  nbd-reader)
# Static, as it lives where nothing else is.
add_executable(scan_hostile_qube scan-qube/hostile_qube_main.cpp
  ${PROJECT_SOURCE_DIR}/scanner-qube/cache/cache_list.cpp
  ${PROJECT_SOURCE_DIR}/scanner-qube/qube/message.cpp)
target_link_libraries(scan_hostile_qube PRIVATE sallyport_options rig_static_io)
target_link_options(scan_hostile_qube PRIVATE -static)
set_target_properties(scan_hostile_qube PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
add_dependencies(scan_qube_test scan_hostile_qube sallyport sallyport-db-check sallyport-qube
  sallyport-scan-qube sallyport-scanner sallyport-scans sallyport-snapshot sallyport-snapshots)
