// SPDX-License-Identifier: GPL-2.0-or-later
// The snapshot process' command line.
#pragma once

#include <chrono>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "block-proxy/nbd/export.hpp"
#include "block-proxy/snapshot/io/store.hpp"
#include "block-proxy/snapshot/request.hpp"

namespace blockproxy::snapshot {

extern const char* const snapshot_usage;

enum class Background : std::uint8_t { none, complete };

struct ServerOptions {
  static constexpr int no_control = -1;

  std::string name;
  std::filesystem::path root = "/";
  int control = no_control;      // sallyport-snapshots is at the other end of it
  std::filesystem::path from;    // an NBD server's socket; empty: no medium
  std::filesystem::path listen;  // empty where there is a control descriptor
  nbd::Access access = nbd::Access::read_only;
  Background background = Background::none;
  AtEnd at_end = AtEnd::stay_open;
  std::uint64_t quota = std::numeric_limits<std::uint64_t>::max();  // bytes
  std::size_t cache_bytes = Options{}.cache_bytes;
  std::chrono::seconds patience{30};  // with a medium that does not answer
  std::string user;                   // who root becomes; empty: nobody else
  bool help = false;

  static base::Result<ServerOptions> parse(const std::vector<std::string>& arguments);
};

}  // namespace blockproxy::snapshot
