// SPDX-License-Identifier: GPL-2.0-or-later
// Imports into a folder of the test's own, with the real checking program.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "scanner-qube/database/io/database_store.hpp"
#include "scanner-qube/database/io/import_bundle.hpp"
#include "tests/fakes/folder.hpp"
#include "tests/places.hpp"
#include "tests/scanner-qube/database/bundles.hpp"

namespace tests {

namespace db = scannerqube::database;

class ImportRig {
 public:
  explicit ImportRig(const std::filesystem::path& parent = std::filesystem::temp_directory_path());

  using Result = base::Result<db::io::Imported>;
  using Done = std::function<void(db::io::ImportStep)>;

  Result import(const bundles::Parts& parts, const Done& done = {}) const;
  Result import_bytes(const std::string& bundle, const Done& done = {}) const;
  // What import() was refused for; empty: it was not.
  std::string refusal(const bundles::Parts& parts) const;
  // The serial that is current, and whole; 0: none.
  std::uint64_t current() const;
  // What lies in the folder of all databases, sorted, with spaces between.
  std::string content() const;
  // A child process imports and is killed after that many steps; false: there were not so many.
  bool killed_after(const bundles::Parts& parts, int steps) const;

  std::filesystem::path store() const { return folder_.path() / "store"; }
  std::filesystem::path root() const { return folder_.path(); }
  const base::sign::KeyPair& key() const { return key_; }

  static inline const std::string check_program = places::build() + "/bin/sallyport-db-check";
  static constexpr std::int64_t now = 1'795'100'000;

 private:
  db::io::ImportOptions options() const;
  Folder folder_;
  const base::sign::KeyPair key_ = base::sign::KeyPair::generate();
};

// The status of a child, once it and all that it started have ended.
int wait_for_all(pid_t child);

}  // namespace tests
