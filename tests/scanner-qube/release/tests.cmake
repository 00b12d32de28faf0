# SPDX-License-Identifier: GPL-2.0-or-later
# Volumes written anew, read by the tools and the readers that others have.
sallyport_test(release_test SOURCES
  scanner-qube/release/content_test.cpp
  scanner-qube/release/media.cpp
  scanner-qube/release/permitted_test.cpp
  scanner-qube/release/proven_source_test.cpp
  scanner-qube/release/release_list_test.cpp
  scanner-qube/release/safe_names_test.cpp
  scanner-qube/release/signed_list_test.cpp
  scanner-qube/release/volume_test.cpp
  scanner-qube/release/write_release_test.cpp
  scanner-qube/release/write_test.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES scannerqube_release_io scannerqube_release_check scannerqube_report_json
    scannerqube_volume_workers PkgConfig::libcrypto)
add_dependencies(release_test sallyport-release-volume sallyport-release-list)
sallyport_fuzz(release_list_fuzz SOURCE fuzz/release_list_fuzz.cpp LIBRARIES scannerqube_release)
sallyport_fuzz(release_names_fuzz SOURCE fuzz/release_names_fuzz.cpp LIBRARIES scannerqube_release)
sallyport_fuzz(release_volume_fuzz SOURCE fuzz/release_volume_fuzz.cpp LIBRARIES scannerqube_release)
sallyport_fuzz(signed_list_fuzz SOURCE fuzz/signed_list_fuzz.cpp
  LIBRARIES scannerqube_release_check scannerqube_release_io)
