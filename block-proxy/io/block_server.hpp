// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-block-server: one medium for one stream, or for all who connect to a socket.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/log.hpp"
#include "base/wire/result.hpp"
#include "block-proxy/io/medium.hpp"
#include "block-proxy/io/reply_stream.hpp"

namespace blockproxy::io {

extern const char* const block_server_usage;

enum class Uring { where_possible, never };

struct BlockServerOptions {
  std::string file;
  std::string device;          // instead of a file: a block device by name, by the device helper
  std::string devices_socket;  // the helper's
  std::string export_name;
  std::string listen;  // empty: the stream on stdin and stdout
  nbd::Access access = nbd::Access::read_write;
  std::uint32_t sector_size = 512;
  std::optional<std::uint64_t> expected_size;  // bytes
  unsigned max_clients = 16;
  Uring uring = Uring::where_possible;
  bool help = false;

  static base::Result<BlockServerOptions> parse(const std::vector<std::string>& arguments);
};

// Opens what the options name.
base::Result<Medium> open_medium(const BlockServerOptions& options);
// Serves one client on two ends of a stream, in the sandbox: the process can do nothing else from
// then on. 0 when the client left in good order.
int serve_stream(Medium& medium, const base::io::Fd& in, const base::io::Fd& out, Uring uring,
                 LongReads long_reads, const base::io::Log& log);
// Serves all who connect, each in a process of its own; returns only with an error.
int serve_socket(Medium& medium, const BlockServerOptions& options, const base::io::Log& log);

int run_block_server(const BlockServerOptions& options);

}  // namespace blockproxy::io
