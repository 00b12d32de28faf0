# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(sysusb_record_test SOURCES
  sys-usb/device_record_test.cpp
  LIBRARIES sysusb_core)
sallyport_fuzz(sysusb_record_fuzz SOURCE fuzz/sysusb_record_fuzz.cpp LIBRARIES sysusb_core)
sallyport_test(sysusb_watcher_test SOURCES
  sys-usb/usb_watcher_test.cpp
  LIBRARIES sysusb_watcher)
