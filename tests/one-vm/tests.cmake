# SPDX-License-Identifier: GPL-2.0-or-later
# One program, so that all tests share one boot. Add a file here; use the fixture in one_vm.hpp.
rig_machine_test(one_vm_test LABEL one-vm TIMEOUT 1800 SOURCES
  one-vm/one_vm.cpp
  one-vm/boot_test.cpp)
