# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(policy_vectors_test SOURCES
  policy/tool_check_test.cpp
  policy/tool_compare_test.cpp
  policy/tool_test.cpp
  policy/tool_why_test.cpp
  policy/vectors_test.cpp
  LIBRARIES policy_tool)
sallyport_test(policy_test SOURCES
  policy/conditions_test.cpp
  policy/device_terms_test.cpp
  policy/input_handling_test.cpp
  policy/evaluator_test.cpp
  policy/lint_test.cpp
  policy/rules_test.cpp
  policy/ruleset_index_test.cpp
  policy/usb_policy_test.cpp
  policy/usbguard_import_test.cpp
  policy/usbguard_rules_test.cpp
  policy/view_test.cpp
  LIBRARIES policy_prompt)
sallyport_test(policy_io_test SOURCES
  policy/ask_test.cpp
  policy/store_reload_test.cpp
  policy/store_test.cpp
  LIBRARIES policy_io)
sallyport_test(policy_prompt_test SOURCES
  policy/prompt_test.cpp
  LIBRARIES policy_io)
add_dependencies(policy_prompt_test sallyport-prompt sallyport)
# A sanitizer would judge Qt, the fonts and the X server's client, which are not ours.
if(SALLYPORT_QT AND NOT SALLYPORT_SANITIZE)
  find_package(Qt6 6.4 REQUIRED COMPONENTS Test)
  sallyport_test(prompt_qt_test SOURCES
    policy/prompt_qt_test.cpp
    policy/prompt_window_test.cpp
    policy/scan_window_test.cpp
    LIBRARIES policy_prompt_qt rig Qt6::Test)
  add_dependencies(prompt_qt_test sallyport-prompt-qt sallyport)
endif()
sallyport_fuzz(usbguard_rules_fuzz SOURCE fuzz/usbguard_rules_fuzz.cpp LIBRARIES policy_core)
sallyport_fuzz(policy_text_fuzz SOURCE fuzz/policy_text_fuzz.cpp LIBRARIES policy_core)
sallyport_fuzz(policy_ask_fuzz SOURCE fuzz/policy_ask_fuzz.cpp LIBRARIES policy_io)
sallyport_fuzz(policy_cases_fuzz SOURCE fuzz/policy_cases_fuzz.cpp LIBRARIES policy_tool)
