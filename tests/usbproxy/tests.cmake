# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(usbproxy_devices_test SOURCES
  usbproxy/devices_test.cpp
  LIBRARIES usbproxy_devices_helper)
