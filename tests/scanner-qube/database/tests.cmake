# SPDX-License-Identifier: GPL-2.0-or-later
sallyport_test(database_bundle_test SOURCES
  scanner-qube/database/bundle_reader_test.cpp
  scanner-qube/database/bundles.cpp
  scanner-qube/database/manifest_test.cpp
  LIBRARIES scannerqube_database)
sallyport_test(database_import_test SOURCES
  scanner-qube/database/bundles.cpp
  scanner-qube/database/import_rig.cpp
  scanner-qube/database/import_test.cpp
  LIBRARIES scannerqube_database_import scannerqube_clamav)
add_dependencies(database_import_test sallyport-db-check)
sallyport_fuzz(database_bundle_fuzz SOURCE fuzz/database_bundle_fuzz.cpp
  LIBRARIES scannerqube_database)
