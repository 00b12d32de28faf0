# SPDX-License-Identifier: GPL-2.0-or-later
# One program, so that all tests share one boot. Add a file here; use the fixture in one_vm.hpp.
rig_machine_test(one_vm_test LABEL one-vm TIMEOUT 5400 SOURCES
  one-vm/one_vm.cpp
  one-vm/qubes.cpp
  one-vm/usb_pair.cpp
  one-vm/agentless_test.cpp
  one-vm/agentless_usb_test.cpp
  one-vm/boot_test.cpp
  one-vm/early_boot_test.cpp
  one-vm/attach_test.cpp
  one-vm/firewall_test.cpp
  one-vm/kill_test.cpp
  one-vm/qubes_import_test.cpp
  one-vm/qubes_wire_test.cpp
  one-vm/refusal_test.cpp
  one-vm/replug_test.cpp
  one-vm/input_devices.cpp
  one-vm/inputs.cpp
  one-vm/input_kinds_test.cpp
  one-vm/input_test.cpp
  one-vm/block_qubes.cpp
  one-vm/input_trust_test.cpp
  one-vm/block_attach_test.cpp
  one-vm/block_fault_test.cpp
  one-vm/block_soak_test.cpp
  one-vm/block_inventory_test.cpp
  one-vm/snapshot_test.cpp
  one-vm/sound_test.cpp
  one-vm/typing_test.cpp
  one-vm/release_test.cpp
  one-vm/rights_test.cpp
  scanner-qube/release/media.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES attacks_table rig_sound inputproxy_core scannerqube_release_io scannerqube_volume_workers PkgConfig::libcrypto)
# Every class of device that QEMU has, on three kinds of controllers, in a machine of its own.
rig_machine_test(honest_use_test LABEL one-vm TIMEOUT 2700 SOURCES
  one-vm/honest_use_test.cpp
  one-vm/smart_card.cpp
  one-vm/usb_pair.cpp
  LIBRARIES base_io)
add_dependencies(honest_use_test bench_guest input_guest sallyport-usb-backend sallyport-usb-frontend)
# Each test has its own `bin` and `tool`.
set_target_properties(one_vm_test PROPERTIES UNITY_BUILD OFF)
add_executable(block_guest one-vm/block_guest_main.cpp)
target_link_libraries(block_guest PRIVATE sallyport_options sysusb_watcher agent_devices_client)
set_target_properties(block_guest PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
add_executable(input_guest one-vm/input_guest_main.cpp one-vm/input_devices.cpp)
target_link_libraries(input_guest PRIVATE sallyport_options inputproxy_receiver inputproxy_sender)
set_target_properties(input_guest PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests/bin")
add_dependencies(one_vm_test block_guest input_guest bench_guest bench_input_guest rig_sound_guest
  sallyport-block-guest sallyport-usb-guest sallyport-usb-backend sallyport-usb-export sallyport-usb-frontend sallyport-dial usb_emulator
  sallyport-release-volume
  sallyport-snapshot sallyport-snapshots sallyport-snapshot-call)
# Those that play something to each of two dozen devices, or wait for verified load: a quarter of an
# hour by themselves, so a group of their own (./check vm-long); not part of a plain ./check.
set(one_vm_long "InputKinds.*:BlockSoak.*:BlockDisc.*")
# In two halves, each with a machine of its own: on two cores they take half the time.
set_tests_properties(one_vm_test PROPERTIES
  ENVIRONMENT "GTEST_FILTER=-${one_vm_long};GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=0")
add_test(NAME one_vm_test_2 COMMAND one_vm_test)
set_tests_properties(one_vm_test_2 PROPERTIES LABELS one-vm TIMEOUT 5400
  ENVIRONMENT "GTEST_FILTER=-${one_vm_long};GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=1")
add_test(NAME one_vm_long COMMAND one_vm_test)
set_tests_properties(one_vm_long PROPERTIES
  LABELS vm-long TIMEOUT 5400 ENVIRONMENT "GTEST_FILTER=${one_vm_long}")
# The same tests with every count in full; not part of a plain ./check.
add_test(NAME one_vm_soak COMMAND one_vm_test)
set_tests_properties(one_vm_soak PROPERTIES
  LABELS soak TIMEOUT 14400 ENVIRONMENT SALLYPORT_SOAK=1)
