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
# The traces of people and of injection tools are a library: the benchmark measures with them too.
sallyport_library(typing_traces SOURCES
  input-proxy/human_scenes.cpp
  input-proxy/human_typists.cpp
  input-proxy/keyboard.cpp
  input-proxy/machine.cpp
  input-proxy/payload_fast.cpp
  input-proxy/payload_slow.cpp
  input-proxy/payload_traces.cpp
  input-proxy/typing_traces.cpp
  input-proxy/typist.cpp
  LIBRARIES inputproxy_core)
sallyport_test(injection_test SOURCES
  input-proxy/injection_test.cpp
  input-proxy/injection_traces_test.cpp
  LIBRARIES typing_traces)
