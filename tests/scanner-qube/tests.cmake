# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(scan_job_test SOURCES scanner-qube/scan_job_test.cpp LIBRARIES scannerqube_engine)
# libclamav itself is not built with a sanitizer; what it leaks at its end is not ours.
sallyport_test(clamav_engine_test SOURCES scanner-qube/clamav_engine_test.cpp
  LIBRARIES scannerqube_clamav base_io)
sallyport_test(worker_pool_test SOURCES scanner-qube/worker_pool_test.cpp
  LIBRARIES scannerqube_clamav scannerqube_workers)
sallyport_test(scan_medium_test SOURCES
  scanner-qube/scan_medium_test.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES scannerqube_scan scannerqube_clamav PkgConfig::libcrypto)
add_dependencies(scan_medium_test sallyport-scan-image)
sallyport_fuzz(scan_result_fuzz SOURCE fuzz/scan_result_fuzz.cpp LIBRARIES scannerqube_engine)
