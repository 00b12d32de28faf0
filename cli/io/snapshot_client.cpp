// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/io/snapshot_client.hpp"

#include <charconv>
#include <vector>

#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "base/io/unix_socket.hpp"
#include "base/wire/escape.hpp"

namespace cli::io {
namespace {

constexpr std::size_t max_word = 2048;
constexpr std::size_t max_answer = std::size_t{64} << 20U;  // 65,536 events with all their sectors

void tell(std::string_view numbers, const OnProgress& on_progress) {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  const char* end = numbers.data() + numbers.size();
  const auto first = std::from_chars(numbers.data(), end, done);
  if (first.ec != std::errc{} || first.ptr == end) return;
  if (std::from_chars(first.ptr + 1, end, total).ec != std::errc{}) return;
  if (on_progress) on_progress(done, total);
}

// A word and what follows it.
std::pair<std::string_view, std::string_view> split(std::string_view text) {
  const std::size_t blank = std::min(text.find(' '), text.size());
  return {text.substr(0, blank), text.substr(std::min(blank + 1, text.size()))};
}

}  // namespace

base::Result<std::string> ask_snapshots(const std::filesystem::path& socket,
                                        const std::string& request, const base::io::Fd* file,
                                        const OnProgress& on_progress) {
  auto connection = base::io::connect_unix(socket, base::io::SocketType::seqpacket);
  if (!connection) {
    return base::fail(connection.error().text +
                      "; start it with `systemctl start sallyport-snapshots`, or name its folder "
                      "with --root");
  }
  std::vector<const base::io::Fd*> files;
  if (file != nullptr) files.push_back(file);
  if (auto sent = base::io::send_question(*connection, base::wire::as_bytes(request), files);
      !sent) {
    return base::Unexpected{sent.error()};
  }
  for (;;) {
    const auto message = base::io::receive_message(*connection, max_word);
    if (!message) return base::Unexpected{message.error()};
    if (message->data.empty()) {
      return base::fail(
          "the snapshot's process ended before it had answered; the journal of "
          "sallyport-snapshots has the reason");
    }
    const auto [word, rest] = split(base::wire::as_text(message->data));
    if (word == "progress") {
      tell(rest, on_progress);
    } else if (word == "done") {
      return base::wire::escape(rest, max_word);
    } else {
      return base::fail(base::wire::escape(word == "failed" ? rest : word, max_word));
    }
  }
}

base::Result<std::string> read_from_snapshots(const std::filesystem::path& socket,
                                              const std::string& request) {
  const auto file = base::io::memory_file();
  if (!file) return base::Unexpected{file.error()};
  auto done = ask_snapshots(socket, request, &*file, {});
  if (!done) return done;
  return base::io::read_memory_file(*file, max_answer);
}

}  // namespace cli::io
