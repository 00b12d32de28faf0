// SPDX-License-Identifier: GPL-2.0-or-later
// The scanner's three daemons below a root of their own, signatures for them, and snapshots.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"
#include "tests/rig/child.hpp"

namespace scanqube {

namespace fs = std::filesystem;

// All of these poll; the time is only for what never comes.
constexpr std::chrono::seconds long_enough{90};
bool wait_until(const std::function<bool()>& what, std::chrono::seconds most = long_enough);

class Daemons {
 public:
  // `folder`: for logs, sockets and the root; everybody can enter it.
  explicit Daemons(const fs::path& folder) : Daemons(folder, folder / "r") {}
  Daemons(fs::path folder, fs::path root) : folder_(std::move(folder)), paths_(std::move(root)) {}
  // Ends those that run as systemd would: one that is killed leaves a machine behind.
  ~Daemons();
  Daemons(const Daemons&) = delete;
  Daemons& operator=(const Daemons&) = delete;

  const base::io::Paths& paths() const { return paths_; }
  fs::path at(const std::string& name) const { return folder_ / name; }
  static std::string program(const std::string& name);
  static fs::path images();

  // Keys, and the scanner qube's image, made from this build's programs.
  base::Status prepare() const;
  // A bundle of the files in `signatures`, signed and brought in.
  base::Status import(const std::string& serial, const fs::path& signatures) const;
  // Listening when this returns; one log for all its lives.
  base::Status start(const std::string& daemon, const std::vector<std::string>& more);
  // With this signal; the exit code, -1 if it does not end.
  int end(const std::string& daemon, int how);
  bool runs(const std::string& daemon) const { return daemons_.contains(daemon); }

  // A medium that nbdkit serves, and its new snapshot: both stay as long as this.
  struct Medium {
    rig::Child server;
    base::io::Fd control;
  };
  base::Result<Medium> take_snapshot(const std::string& name,
                                     const std::vector<std::string>& server) const;
  // Asks sallyport-snapshots; its last word.
  base::Result<std::string> ask_snapshots(const std::string& request) const;

 private:
  fs::path folder_;
  base::io::Paths paths_;
  std::map<std::string, rig::Child> daemons_;
};

}  // namespace scanqube
