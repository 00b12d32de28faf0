# SPDX-License-Identifier: GPL-2.0-or-later
# The frontend and the codecs. libusbredirparser is the other end of round trips, in tests only.
pkg_check_modules(usbredirparser REQUIRED IMPORTED_TARGET libusbredirparser-0.5)
sallyport_test(usbproxy_core_test SOURCES
  usbproxy/redir_decoder_test.cpp
  usbproxy/redir_round_trip_test.cpp
  usbproxy/iso_parts_test.cpp
  usbproxy/remote_kernel_test.cpp
  usbproxy/session_bot_test.cpp
  usbproxy/session_iso_test.cpp
  usbproxy/session_pin_test.cpp
  usbproxy/session_queue_test.cpp
  usbproxy/session_rights_test.cpp
  usbproxy/session_test.cpp
  usbproxy/typing_watch_test.cpp
  usbproxy/usbip_test.cpp
  LIBRARIES usbproxy_core typing_traces PkgConfig::usbredirparser)
# ThreadSanitizer has an operator new of its own, which the test's would be a second one to.
if(NOT SALLYPORT_SANITIZE STREQUAL "thread")
  sallyport_test(usbproxy_allocation_test SOURCES
    usbproxy/session_allocation_test.cpp
    LIBRARIES usbproxy_core)
endif()
sallyport_test(usbproxy_firewall_test SOURCES
  usbproxy/firewall/class_descriptors_test.cpp
  usbproxy/firewall/configuration_test.cpp
  usbproxy/firewall/control_rules_test.cpp
  usbproxy/firewall/golden.cpp
  usbproxy/firewall/hid_report_test.cpp
  usbproxy/firewall/key_reports_test.cpp
  usbproxy/firewall/rights_test.cpp
  usbproxy/firewall/text_test.cpp
  LIBRARIES usbproxy_firewall)
sallyport_test(usbproxy_frontend_test SOURCES
  usbproxy/frontend_test.cpp
  LIBRARIES usbproxy_core base_io)
add_dependencies(usbproxy_frontend_test sallyport-usb-frontend)
sallyport_fuzz(usbproxy_redir_fuzz SOURCE fuzz/usbproxy_redir_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_fuzz(preface_fuzz SOURCE fuzz/preface_fuzz.cpp LIBRARIES usbproxy_core base_io)
sallyport_fuzz(usbproxy_usbip_fuzz SOURCE fuzz/usbproxy_usbip_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_fuzz(usb_descriptors_fuzz SOURCE fuzz/usb_descriptors_fuzz.cpp
  LIBRARIES usbproxy_firewall)
sallyport_fuzz(hid_reports_fuzz SOURCE fuzz/hid_reports_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_fuzz(usbproxy_session_fuzz SOURCE fuzz/usbproxy_session_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_fuzz(usbproxy_remote_fuzz SOURCE fuzz/usbproxy_remote_fuzz.cpp LIBRARIES usbproxy_core)
sallyport_test(usbproxy_exported_test SOURCES
  usbproxy/exported_lies_test.cpp
  usbproxy/exported_test.cpp
  LIBRARIES usbproxy_exported)
sallyport_fuzz(usbproxy_exported_fuzz SOURCE fuzz/usbproxy_exported_fuzz.cpp
  LIBRARIES usbproxy_exported)
sallyport_test(usbproxy_guest_test SOURCES
  usbproxy/guest_link_test.cpp
  usbproxy/guest_streams_test.cpp
  LIBRARIES usbproxy_guest_core)
sallyport_fuzz(usbproxy_guest_fuzz SOURCE fuzz/usbproxy_guest_fuzz.cpp
  LIBRARIES usbproxy_guest_core)
sallyport_test(usbproxy_backend_test SOURCES
  usbproxy/backend_test.cpp
  usbproxy/device_guard_test.cpp
  usbproxy/read_only_chain_test.cpp
  usbproxy/storage_filter_test.cpp
  LIBRARIES usbproxy_backend)
sallyport_fuzz(storage_filter_fuzz SOURCE fuzz/storage_filter_fuzz.cpp
  LIBRARIES usbproxy_backend_core)
sallyport_fuzz(backend_gate_fuzz SOURCE fuzz/backend_gate_fuzz.cpp
  LIBRARIES usbproxy_backend_core PkgConfig::usbredirhost)
