# SPDX-License-Identifier: GPL-2.0-or-later
# The frontend and the codecs. libusbredirparser is the other end of round trips, in tests only.
pkg_check_modules(usbredirparser REQUIRED IMPORTED_TARGET libusbredirparser-0.5)
sallyport_test(usbproxy_core_test SOURCES
  usbproxy/redir_decoder_test.cpp
  usbproxy/redir_round_trip_test.cpp
  usbproxy/session_bot_test.cpp
  usbproxy/session_queue_test.cpp
  usbproxy/session_test.cpp
  usbproxy/usbip_test.cpp
  LIBRARIES usbproxy_core PkgConfig::usbredirparser)
sallyport_test(usbproxy_frontend_test SOURCES
  usbproxy/frontend_test.cpp
  LIBRARIES usbproxy_core base_io)
add_dependencies(usbproxy_frontend_test sallyport-usb-frontend)
sallyport_fuzz(usbproxy_redir_fuzz SOURCE fuzz/usbproxy_redir_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_fuzz(preface_fuzz SOURCE fuzz/preface_fuzz.cpp LIBRARIES usbproxy_core base_io)
sallyport_fuzz(usbproxy_usbip_fuzz SOURCE fuzz/usbproxy_usbip_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_fuzz(usbproxy_session_fuzz SOURCE fuzz/usbproxy_session_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_test(usbproxy_backend_test SOURCES
  usbproxy/backend_test.cpp
  LIBRARIES usbproxy_backend)
sallyport_fuzz(backend_gate_fuzz SOURCE fuzz/backend_gate_fuzz.cpp
  LIBRARIES usbproxy_backend_core PkgConfig::usbredirhost)
