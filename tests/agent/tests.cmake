# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(agent_test SOURCES
  agent/control_test.cpp
  LIBRARIES agent_core)
sallyport_fuzz(control_fuzz SOURCE fuzz/control_fuzz.cpp LIBRARIES agent_core)
