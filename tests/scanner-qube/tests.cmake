# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(scan_job_test SOURCES scanner-qube/scan_job_test.cpp LIBRARIES scannerqube_engine)
sallyport_test(verdict_cache_test SOURCES scanner-qube/verdict_cache_test.cpp
  LIBRARIES scannerqube_cache_files)
sallyport_test(seen_contents_test SOURCES scanner-qube/clean_files_test.cpp
  scanner-qube/seen_contents_test.cpp scanner-qube/zero_hashes_test.cpp
  LIBRARIES scannerqube_clean_files scannerqube_report)
# libclamav itself is not built with a sanitizer; what it leaks at its end is not ours.
sallyport_test(clamav_engine_test SOURCES scanner-qube/clamav_engine_test.cpp
  LIBRARIES scannerqube_clamav base_io)
sallyport_test(worker_pool_test SOURCES scanner-qube/worker_pool_test.cpp
  LIBRARIES scannerqube_clamav scannerqube_workers)
sallyport_test(scan_medium_test SOURCES
  scanner-qube/scan_medium_test.cpp
  scanner-qube/unlock/volumes.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES scannerqube_scan scannerqube_opener scannerqube_report_json scannerqube_clamav
    PkgConfig::libcrypto)
add_dependencies(scan_medium_test sallyport-scan-image)
sallyport_fuzz(scan_report_fuzz SOURCE fuzz/scan_report_fuzz.cpp LIBRARIES scannerqube_report_json)
sallyport_fuzz(scan_result_fuzz SOURCE fuzz/scan_result_fuzz.cpp LIBRARIES scannerqube_engine)
sallyport_test(scan_report_test SOURCES
  scanner-qube/report/coverage_test.cpp
  scanner-qube/report/report_json_test.cpp
  scanner-qube/report/schema_test.cpp
  scanner-qube/report/statement_test.cpp
  scanner-qube/report/verdict_note_test.cpp
  LIBRARIES scannerqube_report_json scannerqube_verdict_note)
sallyport_fuzz(verdict_cache_fuzz SOURCE fuzz/verdict_cache_fuzz.cpp LIBRARIES scannerqube_cache)
sallyport_fuzz(scan_opaque_fuzz SOURCE fuzz/scan_opaque_fuzz.cpp LIBRARIES scannerqube_engine)
sallyport_test(opaque_test SOURCES scanner-qube/lures_test.cpp scanner-qube/opaque_test.cpp
  LIBRARIES scannerqube_engine)

# Hostile media: tests/scanner-qube/README.md.
set(fuzzed_each 8)
set(lies_each 8)
if(SALLYPORT_SANITIZE)
  set(fuzzed_each 3)
  set(lies_each 2)
endif()
sallyport_library(scannerqube_hostile SOURCES
  scanner-qube/hostile/apfs.cpp
  scanner-qube/hostile/archives.cpp
  scanner-qube/hostile/base_images.cpp
  scanner-qube/hostile/catalogue.cpp
  scanner-qube/hostile/edit.cpp
  scanner-qube/hostile/ext.cpp
  scanner-qube/hostile/fat.cpp
  scanner-qube/hostile/fuzzed.cpp
  scanner-qube/hostile/gpt.cpp
  scanner-qube/hostile/hfs_volume.cpp
  scanner-qube/hostile/iso.cpp
  scanner-qube/hostile/lying_source.cpp
  scanner-qube/hostile/mbr.cpp
  scanner-qube/hostile/names.cpp
  scanner-qube/hostile/ntfs.cpp
  scanner-qube/hostile/parts.cpp
  scanner-qube/hostile/sizes.cpp
  scanner-qube/volume/apfs_nodes.cpp
  scanner-qube/volume/apfs_volume.cpp
  scanner-qube/volume/exfat_volume.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES scannerqube_scan scannerqube_clamav test_places PkgConfig::libcrypto)
# Each family has its own `cases`.
set_target_properties(scannerqube_hostile PROPERTIES UNITY_BUILD OFF)
target_compile_definitions(scannerqube_hostile PUBLIC
  SALLYPORT_FUZZED_EACH=${fuzzed_each} SALLYPORT_LIES_EACH=${lies_each})
if(SALLYPORT_SANITIZE)
  target_compile_definitions(scannerqube_hostile PUBLIC SALLYPORT_SANITIZED)
endif()
sallyport_test(hostile_test SOURCES
  scanner-qube/hostile/catalogue_test.cpp
  scanner-qube/hostile/no_sandbox_test.cpp
  scanner-qube/hostile/scan_process.cpp
  LIBRARIES scannerqube_hostile Boost::json PkgConfig::libseccomp)
add_dependencies(hostile_test sallyport-scan-image)
# Two minutes alone; with a sanitizer several times that, so that an eighth has to do there.
set_tests_properties(hostile_test PROPERTIES TIMEOUT 1200)
if(SALLYPORT_SANITIZE)
  set_tests_properties(hostile_test PROPERTIES
    ENVIRONMENT "GTEST_TOTAL_SHARDS=8;GTEST_SHARD_INDEX=3")
endif()
sallyport_test(lying_source_test SOURCES scanner-qube/hostile/lying_source_test.cpp
  LIBRARIES scannerqube_hostile)
# What libclamav finds is no matter of a sanitizer, with which it is not built.
if(NOT SALLYPORT_SANITIZE)
  sallyport_test(testfiles_test SOURCES scanner-qube/hostile/testfiles_test.cpp
    LIBRARIES scannerqube_hostile)
  sallyport_test(no_false_alarm_test SOURCES scanner-qube/hostile/no_false_alarm_test.cpp
    LIBRARIES scannerqube_hostile)
endif()
