# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(scan_messages_test SOURCES
  scanner-qube/desk/desk_request_test.cpp
  scanner-qube/qube/answer_test.cpp
  scanner-qube/qube/machine_request_test.cpp
  scanner-qube/qube/message_test.cpp
  LIBRARIES scannerqube_machine_request scannerqube_desk_request)
sallyport_test(remembered_test SOURCES scanner-qube/desk/remembered_test.cpp
  LIBRARIES scannerqube_desk)
sallyport_fuzz(scan_answer_fuzz SOURCE fuzz/scan_answer_fuzz.cpp LIBRARIES scannerqube_messages)
sallyport_fuzz(desk_request_fuzz SOURCE fuzz/desk_request_fuzz.cpp
  LIBRARIES scannerqube_desk_request scannerqube_machine_request)
