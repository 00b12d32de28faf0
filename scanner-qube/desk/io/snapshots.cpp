// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/desk/io/snapshots.hpp"

#include <unistd.h>

#include <boost/json.hpp>
#include <charconv>

#include "base/io/files.hpp"
#include "base/io/pass_fd.hpp"
#include "base/io/sealed_file.hpp"
#include "base/io/unix_socket.hpp"

namespace scannerqube::desk {
namespace {

namespace json = boost::json;
using base::io::Fd;

constexpr std::size_t max_snapshot_word = 2048;
constexpr std::size_t max_shown = std::size_t{16} << 20U;
constexpr int socket_buffer = 4 << 20;

const json::value* member(const json::value& value, std::string_view key) {
  return value.is_object() ? value.get_object().if_contains(key) : nullptr;
}

bool take_hex(const json::value* value, std::span<std::byte> into) {
  if (value == nullptr || !value->is_string()) return false;
  const json::string& hex = value->get_string();
  return base::hash::from_hex({hex.data(), hex.size()}, into);
}

std::optional<std::size_t> unreadable_places(const json::value* events) {
  if (events == nullptr || !events->is_array()) return std::nullopt;
  std::size_t places = 0;
  for (const json::value& each : events->get_array()) {
    const json::value* kind = member(each, "kind");
    if (kind == nullptr || !kind->is_string()) return std::nullopt;
    if (kind->get_string() == "unreadable") ++places;
  }
  return places;
}

base::Result<SnapshotFacts> facts_of(std::string_view text) {
  json::error_code error;
  const json::value shown = json::parse(json::string_view(text.data(), text.size()), error);
  const json::value* size = error ? nullptr : member(shown, "size");
  if (size == nullptr || !size->is_int64() || size->get_int64() < 0) {
    return base::fail("sallyport-snapshots shows what nobody understands");
  }
  SnapshotFacts facts{.id = {}, .size = static_cast<std::uint64_t>(size->get_int64()), .root = {}};
  if (!take_hex(member(shown, "id"), facts.id)) {
    return base::fail("sallyport-snapshots shows a snapshot without an id");
  }
  const auto unreadable = unreadable_places(member(shown, "events"));
  if (!unreadable) return base::fail("sallyport-snapshots shows events that nobody understands");
  facts.unreadable = *unreadable;
  const json::value* sealed = member(shown, "sealed");
  const json::value* root = sealed == nullptr ? nullptr : member(*sealed, "root");
  if (root == nullptr) return facts;
  base::hash::Digest digest{};
  if (!take_hex(root, digest)) {
    return base::fail("sallyport-snapshots shows a root that is none");
  }
  facts.root = digest;
  return facts;
}

// Without what is said on the way.
base::Result<std::string> last_word(const Fd& socket) {
  for (;;) {
    auto word = hear(socket);
    if (!word || !word->starts_with("progress ")) return word;
  }
}

base::Unexpected<base::Error> refused(std::string word) {
  constexpr std::string_view failed = "failed ";
  if (word.starts_with(failed)) word.erase(0, failed.size());
  return base::fail(word.empty() ? "sallyport-snapshots ended" : word);
}

}  // namespace

base::Result<std::string> hear(const Fd& socket) {
  const auto message = base::io::receive_message(socket, max_snapshot_word);
  if (!message) return base::Unexpected{message.error()};
  return std::string(base::wire::as_text(message->data));
}

base::Result<Fd> Snapshots::ask(const std::string& request, const Fd* attached) const {
  auto socket = base::io::connect_unix(socket_, base::io::SocketType::seqpacket);
  if (!socket) return base::fail(socket.error().text + "; is sallyport-snapshots running?");
  std::vector<const Fd*> fds;
  if (attached != nullptr) fds.push_back(attached);
  auto sent = base::io::send_question(*socket, base::wire::as_bytes(request), fds);
  if (!sent) return base::Unexpected{sent.error()};
  return socket;
}

base::Result<Snapshots::Asked> Snapshots::ask_for_word(const std::string& request,
                                                       const Fd* attached) const {
  auto socket = ask(request, attached);
  if (!socket) return base::Unexpected{socket.error()};
  auto word = last_word(*socket);
  if (!word) return base::Unexpected{word.error()};
  return Asked{.socket = *std::move(socket), .word = *std::move(word)};
}

base::Result<SnapshotFacts> Snapshots::show(const std::string& name) const {
  const auto file = base::io::memory_file();
  if (!file) return base::Unexpected{file.error()};
  const auto asked = ask_for_word("show " + name, &*file);
  if (!asked) return base::Unexpected{asked.error()};
  if (!asked->word.starts_with("done")) return refused(asked->word);
  const auto text = base::io::read_memory_file(*file, max_shown);
  if (!text) return base::Unexpected{text.error()};
  return facts_of(*text);
}

base::Result<Snapshots::Stream> Snapshots::read(const std::string& name) const {
  auto pair = base::io::stream_pair();
  if (!pair) return base::Unexpected{pair.error()};
  base::io::enlarge_buffers(pair->first, socket_buffer);
  base::io::enlarge_buffers(pair->second, socket_buffer);
  auto asked = ask_for_word("reader " + name + " access=read-only margin=yes", &pair->second);
  if (!asked) return base::Unexpected{asked.error()};
  const std::string& word = asked->word;
  constexpr std::string_view ready = "ready ";
  Stream stream{.control = std::move(asked->socket), .data = std::move(pair->first), .size = 0};
  const std::string_view number =
      std::string_view(word).substr(std::min(word.size(), ready.size()));
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), stream.size);
  if (!word.starts_with(ready) || error != std::errc{}) return refused(word);
  return stream;
}

}  // namespace scannerqube::desk
