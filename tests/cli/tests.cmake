# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(cli_programs_test THREADS SOURCES
  cli/bash_completion_test.cpp
  cli/fake_admin.cpp
  cli/programs_test.cpp
  cli/transcripts_test.cpp
  cli/watch_test.cpp
  LIBRARIES cli_io util)
add_dependencies(cli_programs_test qvm-device sallyport)
sallyport_test(cli_db_test THREADS SOURCES
  cli/db_test.cpp
  cli/fake_admin.cpp
  LIBRARIES cli_io base_sign util)
add_dependencies(cli_db_test sallyport sallyport-db-check)
sallyport_test(cli_paper_test THREADS SOURCES
  cli/fake_admin.cpp
  cli/paper_cli_test.cpp
  LIBRARIES cli_io util)
add_dependencies(cli_paper_test qvm-device sallyport sallyportd sallyport-relay sallyport-agent
  sallyport-call)
sallyport_test(cli_test SOURCES
  cli/admin_call_test.cpp
  cli/arguments_test.cpp
  cli/completion_test.cpp
  cli/deny_test.cpp
  cli/device_assign_test.cpp
  cli/device_info_test.cpp
  cli/device_run_test.cpp
  cli/doctor_test.cpp
  cli/event_stream_test.cpp
  cli/scan_progress_test.cpp
  cli/sallyport_command_test.cpp
  cli/snapshot_view_test.cpp
  cli/status_view_test.cpp
  cli/watch_view_test.cpp
  LIBRARIES cli_core)
sallyport_test(cli_doctor_test SOURCES cli/controllers_test.cpp cli/doctor_host_test.cpp LIBRARIES cli_doctor)
sallyport_test(cli_scan_test THREADS SOURCES cli/fake_admin.cpp cli/scan_test.cpp LIBRARIES cli_scan cli_io util)
add_dependencies(cli_scan_test sallyport)
sallyport_fuzz(admin_lists_fuzz SOURCE fuzz/admin_lists_fuzz.cpp LIBRARIES cli_core)
sallyport_fuzz(event_stream_fuzz SOURCE fuzz/event_stream_fuzz.cpp LIBRARIES cli_core)
