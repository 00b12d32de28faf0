# SPDX-License-Identifier: GPL-2.0-or-later
# Encrypted volumes, made by QEMU, by cryptsetup and here.
sallyport_test(unlock_test SOURCES
  scanner-qube/unlock/opener_test.cpp
  scanner-qube/unlock/unlocked_test.cpp
  scanner-qube/unlock/volumes.cpp
  scanner-qube/volume/images.cpp
  LIBRARIES scannerqube_opener PkgConfig::libcrypto)
sallyport_fuzz(unlock_fuzz SOURCE fuzz/unlock_fuzz.cpp LIBRARIES scannerqube_unlock scannerqube_messages)
