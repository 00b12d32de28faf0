// SPDX-License-Identifier: GPL-2.0-or-later
// The folder of a database that is being imported: files that nobody changes once they are written.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/io/fd.hpp"

namespace scannerqube::database::io {

class Incoming {
 public:
  explicit Incoming(std::filesystem::path path) : path_(std::move(path)) {}
  const std::filesystem::path& path() const { return path_; }

  // db, self-test and tmp.
  base::Status make_folders() const;
  // A new file below this folder, to be written and then finished: read-only, on the disk.
  base::Result<base::io::Fd> create(const std::filesystem::path& name) const;
  base::Status finish_file(const base::io::Fd& fd, const std::filesystem::path& name) const;
  base::Status put(const std::filesystem::path& name, std::string_view content) const;
  // The engine unpacks there, as another user.
  base::Status give_temporary_to(const std::string& user) const;
  // Away with what was for the check; the image for the scanner qube; all of it on the disk.
  base::Status finish() const;

 private:
  base::Status make_image() const;
  std::filesystem::path path_;
};

}  // namespace scannerqube::database::io
