# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(base_test SOURCES
  base/wire_test.cpp
  base/io_test.cpp
  base/channel_test.cpp
  LIBRARIES base_asio)
sallyport_test(sandbox_test THREADS SOURCES base/sandbox_test.cpp LIBRARIES base_io)
sallyport_test(qube_config_test SOURCES base/qube_config_test.cpp LIBRARIES base_config)
sallyport_fuzz(qube_config_fuzz SOURCE fuzz/qube_config_fuzz.cpp LIBRARIES base_config)
sallyport_test(base_audit_test SOURCES base/audit_test.cpp LIBRARIES base_audit)
sallyport_test(base_sha256_test SOURCES base/sha256_test.cpp LIBRARIES base_sha256)
sallyport_test(base_qmp_test SOURCES base/guest_program_test.cpp LIBRARIES base_qmp)
sallyport_test(base_sign_test SOURCES base/sign_test.cpp LIBRARIES base_sign)
sallyport_test(base_device_test SOURCES
  base/interface_choice_test.cpp
  LIBRARIES base_device)
# The traces of people and of injection tools are a library: the benchmark measures with them too.
sallyport_library(typing_traces SOURCES
  base/typing/human_scenes.cpp
  base/typing/human_typists.cpp
  base/typing/keyboard.cpp
  base/typing/machine.cpp
  base/typing/payload_fast.cpp
  base/typing/payload_slow.cpp
  base/typing/payload_traces.cpp
  base/typing/typing_traces.cpp
  base/typing/typist.cpp
  LIBRARIES base_typing)
sallyport_test(injection_test SOURCES
  base/typing/injection_test.cpp
  base/typing/injection_traces_test.cpp
  LIBRARIES typing_traces)
