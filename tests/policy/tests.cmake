# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(policy_vectors_test SOURCES
  policy/vectors_test.cpp
  LIBRARIES policy_core Boost::json)
sallyport_test(policy_test SOURCES
  policy/evaluator_test.cpp
  policy/rules_test.cpp
  policy/view_test.cpp
  LIBRARIES policy_prompt)
sallyport_test(policy_io_test SOURCES
  policy/ask_test.cpp
  policy/store_test.cpp
  LIBRARIES policy_io)
