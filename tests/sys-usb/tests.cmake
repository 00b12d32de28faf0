# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(sysusb_record_test SOURCES
  sys-usb/block_record_test.cpp
  sys-usb/block_rules_test.cpp
  sys-usb/described_interfaces_test.cpp
  sys-usb/device_record_test.cpp
  LIBRARIES sysusb_core)
sallyport_fuzz(block_record_fuzz SOURCE fuzz/block_record_fuzz.cpp LIBRARIES sysusb_core)
sallyport_fuzz(described_interfaces_fuzz SOURCE fuzz/described_interfaces_fuzz.cpp
  LIBRARIES sysusb_core)
sallyport_fuzz(sysusb_record_fuzz SOURCE fuzz/sysusb_record_fuzz.cpp LIBRARIES sysusb_core)
sallyport_test(sysusb_watcher_test SOURCES
  sys-usb/block_scan_test.cpp
  sys-usb/usb_watcher_test.cpp
  LIBRARIES sysusb_watcher)
sallyport_test(qube_command_test SOURCES sys-usb/qube_command_test.cpp LIBRARIES sysusb_qube_core)
sallyport_test(qube_arguments_test SOURCES
  sys-usb/qube_arguments_test.cpp
  LIBRARIES sysusb_qube_core)
sallyport_test(qube_launcher_test SOURCES sys-usb/qube_host_test.cpp sys-usb/qube_launcher_test.cpp
  LIBRARIES sysusb_qube_io)
sallyport_test(qube_dial_test THREADS SOURCES sys-usb/qube_dial_test.cpp LIBRARIES base_io)
add_dependencies(qube_dial_test sallyport-dial)
sallyport_test(sysusb_early_test THREADS SOURCES
  sys-usb/early_descriptors_test.cpp
  sys-usb/early_rule_test.cpp
  sys-usb/early_run_test.cpp
  LIBRARIES sysusb_early_io)
sallyport_fuzz(early_descriptors_fuzz SOURCE fuzz/early_descriptors_fuzz.cpp
  LIBRARIES sysusb_early_core)
