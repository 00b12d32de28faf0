# SPDX-License-Identifier: GPL-2.0-or-later
# Emulated malicious devices: the emulator and the table are libraries that need no machine; the
# attacks themselves run in one (group `attacks`).
sallyport_library(attacks_emulator SOURCES
  attacks/emulator/descriptors.cpp
  attacks/emulator/device.cpp
  attacks/emulator/camera.cpp
  attacks/emulator/disk.cpp
  attacks/emulator/honest.cpp
  attacks/emulator/redir_tables.cpp
  attacks/emulator/walk.cpp
  attacks/emulator/io/redir_server.cpp
  attacks/emulator/io/usbip_server.cpp
  attacks/emulator/io/vhci.cpp
  LIBRARIES usbproxy_core usbproxy_backend_core rig_sound base_io)
sallyport_library(attacks_table SOURCES
  attacks/guest/report.cpp
  attacks/table/classes.cpp
  attacks/table/descriptors.cpp
  attacks/table/drivers.cpp
  attacks/table/hid.cpp
  attacks/table/identity.cpp
  attacks/table/input.cpp
  attacks/table/rights.cpp
  attacks/table/stream.cpp
  attacks/table/table.cpp
  attacks/table/target.cpp
  attacks/table/transfers.cpp
  LIBRARIES attacks_emulator)
# Each file of the table has small words of its own for what it spoils.
set_target_properties(attacks_table PROPERTIES UNITY_BUILD OFF)
sallyport_library(attacks_runner SOURCES
  attacks/guest/chain.cpp
  attacks/guest/honest_stick.cpp
  attacks/guest/kernel_log.cpp
  attacks/guest/process.cpp
  attacks/guest/relay.cpp
  attacks/guest/runner.cpp
  attacks/guest/side.cpp
  LIBRARIES attacks_table)
sallyport_test(attacks_emulator_test THREADS SOURCES
  attacks/emulator_test.cpp
  attacks/table_test.cpp
  LIBRARIES attacks_runner)
if(NOT SALLYPORT_SANITIZE AND NOT SALLYPORT_FUZZ)
  add_executable(usb_emulator attacks/emulator/emulator_main.cpp)
  target_link_libraries(usb_emulator PRIVATE sallyport_options attacks_table)
  add_executable(attack_guest attacks/guest/attack_guest_main.cpp)
  target_link_libraries(attack_guest PRIVATE sallyport_options attacks_runner)
  set_target_properties(usb_emulator attack_guest PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
  rig_machine_test(attacks_test LABEL attacks TIMEOUT 3600 SOURCES
    attacks/attacks_test.cpp
    LIBRARIES attacks_table)
  add_dependencies(attacks_test attack_guest usb_emulator sallyport-usb-backend
    sallyport-usb-frontend)
endif()
