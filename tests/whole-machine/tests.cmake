# SPDX-License-Identifier: GPL-2.0-or-later
# One program, so that all tests share one boot of the outer machine; fixture in whole_machine.hpp.
rig_machine_test(whole_machine_test LABEL whole-machine TIMEOUT 2400 SOURCES
  whole-machine/whole_machine.cpp
  whole-machine/attach_test.cpp
  whole-machine/dma_test.cpp)
