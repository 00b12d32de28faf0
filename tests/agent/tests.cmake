# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(agent_test SOURCES
  agent/control_test.cpp
  agent/inventory_file_test.cpp
  agent/service_test.cpp
  LIBRARIES agent_io)
sallyport_fuzz(control_fuzz SOURCE fuzz/control_fuzz.cpp LIBRARIES agent_core)
sallyport_fuzz(inventory_file_fuzz SOURCE fuzz/inventory_file_fuzz.cpp LIBRARIES agent_core)
sallyport_test(agent_devices_test THREADS SOURCES
  agent/devices_test.cpp
  agent/nbd_test.cpp
  agent/loans_test.cpp
  LIBRARIES agent_devices_helper)
