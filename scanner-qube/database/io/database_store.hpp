// SPDX-License-Identifier: GPL-2.0-or-later
// The folder of imported databases: one of them is current, and a crash never leaves another.
#pragma once

#include <filesystem>
#include <optional>

#include "base/io/fd.hpp"
#include "scanner-qube/database/published.hpp"

namespace scannerqube::database::io {

struct Current {
  Published published;
  std::filesystem::path folder;  // layout.hpp
};
// For everybody who may read `folder`; without a lock, as the folder of one database never changes.
// An error also where there is none yet.
base::Result<Current> read_current(const std::filesystem::path& folder);

// The one who imports; holds the lock.
class DatabaseStore {
 public:
  // Makes the folder if there is none. Another import that runs is an error.
  static base::Result<DatabaseStore> open(const std::filesystem::path& folder);

  // nullopt: nothing was ever imported. An error: it cannot be told.
  base::Result<std::optional<LastImport>> last() const;
  // That one is whole and in use.
  bool in_use(const LastImport& which) const;

  // Removes what no current database needs: of imports that were killed, and the one before.
  base::Status clean() const;
  // Makes an empty folder for a new one.
  base::Result<std::filesystem::path> begin() const;
  // `incoming`, all of it on the disk already, becomes the folder of that one; from then on
  // nothing older is taken; then it becomes current. Each is one step that a crash cannot halve.
  base::Status publish(const std::filesystem::path& incoming, const LastImport& which) const;
  base::Status remember(const LastImport& which) const;
  base::Status switch_to(const LastImport& which) const;

 private:
  DatabaseStore(std::filesystem::path folder, base::io::Fd lock)
      : folder_(std::move(folder)), lock_(std::move(lock)) {}

  std::filesystem::path folder_;
  base::io::Fd lock_;
};

// What was made, renamed or removed in a folder is on the disk.
base::Status sync_folder(const std::filesystem::path& folder);

}  // namespace scannerqube::database::io
