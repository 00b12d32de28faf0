# SPDX-License-Identifier: GPL-2.0-or-later
# One program, so that all tests share one boot. Add a file here; use the fixture in one_vm.hpp.
rig_machine_test(one_vm_test LABEL one-vm TIMEOUT 1800 SOURCES
  one-vm/one_vm.cpp
  one-vm/qubes.cpp
  one-vm/boot_test.cpp
  one-vm/attach_test.cpp
  one-vm/kill_test.cpp
  one-vm/refusal_test.cpp)
# The same tests with every count in full; not part of a plain ./check.
add_test(NAME one_vm_soak COMMAND one_vm_test)
set_tests_properties(one_vm_soak PROPERTIES
  LABELS soak TIMEOUT 14400 RESOURCE_LOCK machine ENVIRONMENT SALLYPORT_SOAK=1)
