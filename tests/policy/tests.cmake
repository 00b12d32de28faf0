# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(policy_vectors_test SOURCES
  policy/vectors_test.cpp
  LIBRARIES policy_core Boost::json)
