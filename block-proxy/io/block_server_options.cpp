// SPDX-License-Identifier: GPL-2.0-or-later
// The block server's command line.
#include <charconv>

#include "block-proxy/io/block_server.hpp"

namespace blockproxy::io {
namespace {

constexpr unsigned most_clients = 256;

template <class T>
base::Status read_number(const std::string& option, const std::string& text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error == std::errc{} && end == text.data() + text.size()) return base::Ok{};
  return base::fail(option + " " + text + ": not a number that can be meant");
}

base::Status read_valued(const std::string& word, const std::string& value,
                         BlockServerOptions& options) {
  if (word == "--export") {
    if (value.size() > nbd::max_name) return base::fail("--export: at most 4096 bytes");
    options.export_name = value;
  } else if (word == "--device") {
    options.device = value;
  } else if (word == "--devices-socket") {
    options.devices_socket = value;
  } else if (word == "--listen") {
    options.listen = value;
  } else if (word == "--sector-size") {
    if (value != "512" && value != "4096") return base::fail("--sector-size: 512 or 4096");
    return read_number(word, value, options.sector_size);
  } else if (word == "--size-check") {
    return read_number(word, value, options.expected_size.emplace());
  } else if (word == "--max-clients") {
    if (auto read = read_number(word, value, options.max_clients); !read) return read;
    if (options.max_clients < 1 || options.max_clients > most_clients) {
      return base::fail("--max-clients: from 1 to 256");
    }
  } else {
    return base::fail("unknown option " + word);
  }
  return base::Ok{};
}

}  // namespace

const char* const block_server_usage =
    "usage: sallyport-block-server [--read-only] [--export NAME] [--listen PATH]\n"
    "          [--max-clients N] [--sector-size 512|4096] [--size-check BYTES] [--no-uring] FILE\n"
    "       sallyport-block-server [--devices-socket PATH] [--device NAME] ...\n"
    "Serves a block device or a regular file as an NBD export: to the client on stdin and stdout,\n"
    "or to all who connect to a Unix socket.\n"
    "  --read-only        whatever changes the medium is refused\n"
    "  --export NAME      the only name a client may ask for; any, if not given\n"
    "  --listen PATH      a Unix socket; each client gets a process of its own\n"
    "  --max-clients N    at most so many of them at a time, 16 if not given\n"
    "  --sector-size N    of a file; a device has its own\n"
    "  --size-check BYTES begin only if the medium has this size\n"
    "  --device NAME      a block device by its name, opened by root's device helper; as a "
    "service,\n"
    "                     without FILE: the service's argument, and SALLYPORT_OPTIONS counts\n"
    "  --devices-socket PATH  the helper's socket\n"
    "  --no-uring         do without io_uring\n";

base::Result<BlockServerOptions> BlockServerOptions::parse(
    const std::vector<std::string>& arguments) {
  BlockServerOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help") {
      options.help = true;
      return options;
    }
    if (word == "--read-only") {
      options.access = nbd::Access::read_only;
    } else if (word == "--no-uring") {
      options.uring = Uring::never;
    } else if (word.starts_with("--")) {
      if (i + 1 == arguments.size()) return base::fail(word + " needs a value");
      if (auto read = read_valued(word, arguments[++i], options); !read) {
        return base::fail(read.error().text);
      }
    } else if (options.file.empty()) {
      options.file = word;
    } else {
      return base::fail("one medium at a time: " + word);
    }
  }
  return options;
}

}  // namespace blockproxy::io
