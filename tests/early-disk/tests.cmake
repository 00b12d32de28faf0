# SPDX-License-Identifier: GPL-2.0-or-later
rig_machine_test(early_disk_test LABEL one-vm TIMEOUT 900 SOURCES
  early-disk/encrypted_disk.cpp
  early-disk/early_disk_test.cpp)
add_dependencies(early_disk_test sallyport-early-usb)
