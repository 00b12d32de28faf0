# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(inputproxy_core_test SOURCES
  input-proxy/accepted_test.cpp
  input-proxy/chord_board_test.cpp
  input-proxy/device_node_test.cpp
  input-proxy/gate_test.cpp
  input-proxy/pairing_test.cpp
  input-proxy/receiver_options_test.cpp
  input-proxy/receiver_session_test.cpp
  input-proxy/send_queue_test.cpp
  input-proxy/sender_session_test.cpp
  input-proxy/stream_test.cpp
  LIBRARIES inputproxy_receiver inputproxy_watch)
sallyport_fuzz(input_receiver_fuzz SOURCE fuzz/input_receiver_fuzz.cpp LIBRARIES inputproxy_core)
sallyport_fuzz(input_sender_fuzz SOURCE fuzz/input_sender_fuzz.cpp LIBRARIES inputproxy_core)
