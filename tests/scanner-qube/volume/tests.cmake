# SPDX-License-Identifier: GPL-2.0-or-later
# Media made by the usual tools, read by libtsk in its worker.
sallyport_test(volume_test SOURCES
  scanner-qube/volume/apfs_test.cpp
  scanner-qube/volume/apfs_nodes.cpp
  scanner-qube/volume/apfs_volume.cpp
  scanner-qube/volume/file_systems_test.cpp
  scanner-qube/volume/exfat_test.cpp
  scanner-qube/volume/exfat_volume.cpp
  scanner-qube/volume/fat_test.cpp
  scanner-qube/volume/images.cpp
  scanner-qube/volume/names_test.cpp
  scanner-qube/volume/record_test.cpp
  scanner-qube/volume/second_readers_test.cpp
  scanner-qube/volume/tables_test.cpp
  scanner-qube/volume/worker_test.cpp
  LIBRARIES scannerqube_volume_workers PkgConfig::libcrypto)
sallyport_test(volume_damage_test SOURCES
  scanner-qube/volume/damage_test.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES scannerqube_volume_workers PkgConfig::libcrypto)
# A sanitizer takes several times as long for each.
set(spoiled_images 50)
if(SALLYPORT_SANITIZE)
  set(spoiled_images 10)
  target_compile_definitions(volume_test PRIVATE SALLYPORT_SANITIZED)
endif()
target_compile_definitions(volume_damage_test PRIVATE SALLYPORT_SPOILED_IMAGES=${spoiled_images})
sallyport_fuzz(volume_apfs_fuzz SOURCE fuzz/volume_apfs_fuzz.cpp LIBRARIES scannerqube_volume)
sallyport_fuzz(volume_fat_fuzz SOURCE fuzz/volume_fat_fuzz.cpp LIBRARIES scannerqube_volume)
sallyport_fuzz(volume_iso_fuzz SOURCE fuzz/volume_iso_fuzz.cpp LIBRARIES scannerqube_volume)
sallyport_fuzz(volume_names_fuzz SOURCE fuzz/volume_names_fuzz.cpp LIBRARIES scannerqube_volume)
sallyport_fuzz(volume_record_fuzz SOURCE fuzz/volume_record_fuzz.cpp LIBRARIES scannerqube_volume)
sallyport_fuzz(volume_tables_fuzz SOURCE fuzz/volume_tables_fuzz.cpp LIBRARIES scannerqube_volume)
