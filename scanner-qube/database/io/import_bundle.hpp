// SPDX-License-Identifier: GPL-2.0-or-later
// Takes a bundle in: verified, copied, loaded and tested, and only then used.
#pragma once

#include <filesystem>
#include <functional>

#include "base/sign/ed25519.hpp"
#include "scanner-qube/database/published.hpp"

namespace scannerqube::database::io {

// What is done by then, in this order.
enum class ImportStep {
  locked,      // and what older imports left is gone
  verified,    // the signature fits, and it is newer
  copied_one,  // of its files; comes for each
  copied,      // all files, and they are those that were signed
  checked,     // the engine loads them, and finds what it must
  packed,      // the image for the scanner qube is made, all is on the disk
  published,   // its folder is in its place
  remembered,  // nothing older is taken from now on
};

struct ImportOptions {
  std::filesystem::path bundle;
  base::sign::PublicKey key;             // of who may sign
  std::filesystem::path folder;          // of all databases
  std::filesystem::path check_program;   // sallyport-db-check
  std::string user;                      // that it becomes; empty: nobody else
  std::int64_t now = 0;                  // seconds since 1970
  std::function<void(ImportStep)> done;  // for tests, which end the process there; may be empty
};

struct Imported {
  Order order = Order::newer;  // same: it was there already
  Published published;
};

// After an error the database that was current is current; only if the disk fails to confirm the
// last step it may be either.
base::Result<Imported> import_bundle(const ImportOptions& options);

}  // namespace scannerqube::database::io
