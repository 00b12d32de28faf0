// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-scan-qube: the first and only program of a scanner qube.
#include <unistd.h>

#include <iostream>

#include "scanner-qube/qube/io/qube.hpp"

int main() {
  if (::getpid() != 1) {
    std::cerr << "sallyport-scan-qube: runs as the first process of a scanner qube only\n";
    return 2;
  }
  scannerqube::io::run_qube();
}
