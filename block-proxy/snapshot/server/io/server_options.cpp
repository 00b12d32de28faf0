// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/snapshot/server/io/server_options.hpp"

#include <charconv>

#include "block-proxy/snapshot/name.hpp"

namespace blockproxy::snapshot {
namespace {

base::Result<std::uint64_t> read_number(const std::string& option, const std::string& text,
                                        std::uint64_t most) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == 0 || number > most) {
    return base::fail(option + " " + text + ": a number from 1 to " + std::to_string(most));
  }
  return number;
}

base::Status read_valued(const std::string& word, const std::string& value,
                         ServerOptions& options) {
  if (word == "--from") {
    options.from = value;
  } else if (word == "--listen") {
    options.listen = value;
  } else if (word == "--root") {
    options.root = value;
  } else if (word == "--user") {
    options.user = value;
  } else if (word == "--control") {
    const auto number = read_number(word, value, 1023);
    if (!number) return base::Unexpected{number.error()};
    options.control = static_cast<int>(*number);
  } else if (word == "--quota" || word == "--cache") {
    const auto mib = read_number(word, value, max_medium_size >> 20U);
    if (!mib) return base::Unexpected{mib.error()};
    if (word == "--quota") options.quota = *mib << 20U;
    if (word == "--cache") options.cache_bytes = *mib << 20U;
  } else if (word == "--patience") {
    const auto seconds = read_number(word, value, 3600);
    if (!seconds) return base::Unexpected{seconds.error()};
    options.patience = std::chrono::seconds(*seconds);
  } else {
    return base::fail("unknown option " + word);
  }
  return base::Ok{};
}

}  // namespace

const char* const snapshot_usage =
    "usage: sallyport-snapshot --listen PATH [--from PATH] [--complete] [--seal] [--writable]\n"
    "          [--quota MIB] [--cache MIB] [--patience S] [--root DIR] [--user NAME] SNAPSHOT\n"
    "       sallyport-snapshot --control FD [--quota MIB] [--cache MIB] [--patience S]\n"
    "          [--root DIR] SNAPSHOT\n"
    "Serves a medium through a snapshot, as an NBD export: what was read once is what everybody\n"
    "gets. A snapshot that is not there is made.\n"
    "  --control FD   requests come from sallyport-snapshots, which has started this program\n"
    "  --listen PATH  a Unix socket for readers, 16 at a time\n"
    "  --from PATH    the socket of the medium's NBD server; without it, only what is stored\n"
    "                 already can be read\n"
    "  --complete     read all of the medium in the background, and a sample of it again\n"
    "  --seal         and then seal the snapshot: from there on nothing is added\n"
    "  --writable     readers may write; it goes to the snapshot's overlay, never to the medium\n"
    "  --quota MIB    the snapshot's files may not be larger in all\n"
    "  --cache MIB    checked blocks kept in memory, 64 if not given\n"
    "  --patience S   seconds until a medium that does not answer is given up, 30 if not given\n"
    "  --root DIR     var/lib/sallyport-snapshot and run/sallyport-snapshot/keys are below it\n"
    "  --user NAME    who root becomes before anything is read\n";

base::Result<ServerOptions> ServerOptions::parse(const std::vector<std::string>& arguments) {
  ServerOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--help") {
      options.help = true;
      return options;
    }
    if (word == "--complete") {
      options.background = Background::complete;
    } else if (word == "--seal") {
      options.background = Background::complete;
      options.at_end = AtEnd::seal;
    } else if (word == "--writable") {
      options.access = nbd::Access::read_write;
    } else if (word.starts_with("--")) {
      if (i + 1 == arguments.size()) return base::fail(word + " needs a value");
      if (auto read = read_valued(word, arguments[++i], options); !read) {
        return base::Unexpected{read.error()};
      }
    } else if (options.name.empty()) {
      options.name = word;
    } else {
      return base::fail("one snapshot at a time: " + word);
    }
  }
  if (!valid_name(options.name)) {
    return base::fail("'" + options.name +
                      "' is no name of a snapshot: 1 to 64 of A-Z a-z 0-9 . _ -, not beginning "
                      "with . or -");
  }
  if (options.control != ServerOptions::no_control) {
    const bool alone = !options.listen.empty() || !options.from.empty() || !options.user.empty() ||
                       options.background != Background::none ||
                       options.access != nbd::Access::read_only;
    if (alone) return base::fail("with --control, requests say what is to be served");
    return options;
  }
  if (options.listen.empty()) return base::fail("--listen is needed: where shall readers come to?");
  if (options.background == Background::complete && options.from.empty()) {
    return base::fail("--complete needs --from: nothing can be read of a medium that is not there");
  }
  return options;
}

}  // namespace blockproxy::snapshot
