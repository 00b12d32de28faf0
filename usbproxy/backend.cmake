# SPDX-License-Identifier: GPL-2.0-or-later
# The backend in sys-usb: its pure part, what touches libusb, and the program.
sallyport_library(usbproxy_backend_core SOURCES
  backend_gate.cpp
  backend_header.cpp
  device_guard.cpp
  storage_commands.cpp
  storage_filter.cpp
  LIBRARIES usbproxy_core)
sallyport_library(usbproxy_backend SOURCES
  io/backend_descriptors.cpp
  io/backend_device.cpp
  io/backend_queue.cpp
  io/backend_session.cpp
  io/backend_usb.cpp
  LIBRARIES usbproxy_backend_core agent_devices_client sysusb_core PkgConfig::usbredirhost
    PkgConfig::libusb)
sallyport_program(sallyport-usb-backend SOURCES
  io/backend_main.cpp
  LIBRARIES usbproxy_backend Boost::program_options)
