// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-snapshot: the only process that speaks to a medium; it serves what it has read of it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/io/log.hpp"
#include "block-proxy/snapshot/server/io/filler.hpp"
#include "block-proxy/snapshot/server/io/reader.hpp"

namespace blockproxy::snapshot {

extern const char* const snapshot_usage;

enum class AtEnd : std::uint8_t { stay_open, seal };  // once everything was read

struct ServerOptions {
  std::string name;
  std::filesystem::path root = "/";
  std::filesystem::path from;  // an NBD server's socket; empty: no medium
  std::filesystem::path listen;
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

class Server {
 public:
  static constexpr std::size_t max_readers = 16;

  // Borrows all but the listening socket. `medium`: nothing, where only what is stored is served.
  Server(boost::asio::io_context& io, base::io::Fd listening, Store& store,
         std::optional<io::NbdClient> medium, const ServerOptions& options,
         const base::io::Log& log);
  void start();

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  void wait_for_reader();
  void accept();
  void ended(const Reader* reader, const std::string& why);
  void progress();
  void complete();

  boost::asio::io_context& io_;
  Descriptor listening_;
  Store& store_;
  const ServerOptions& options_;
  const base::io::Log& log_;
  std::optional<Filler> filler_;
  Served served_;
  std::list<std::shared_ptr<Reader>> readers_;
  std::uint64_t told_tenths_ = 0;
  bool told_failure_ = false;
  bool accepting_ = false;
};

// Until SIGTERM. The exit code.
int run_snapshot_server(const ServerOptions& options);

}  // namespace blockproxy::snapshot
