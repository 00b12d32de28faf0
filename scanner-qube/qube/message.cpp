// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/qube/message.hpp"

#include <algorithm>
#include <cstring>

#include "base/wire/writer.hpp"

namespace scannerqube {
namespace {

using base::Unexpected;
using base::hash::take_digest;
using base::wire::Bytes;
using base::wire::Reader;
using base::wire::Writer;

enum class Kind : std::uint8_t { ready = 1, progress, report, files, done, failure };
constexpr std::uint8_t order_kind = 1;
constexpr std::uint8_t known_kind = 2;
constexpr std::uint8_t passphrase_kind = 3;

bool printable(char c) { return c >= ' ' && c <= '~'; }

std::string cut(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::ranges::replace_if(
      out, [](char c) { return !printable(c); }, '?');
  return out;
}

struct Encoder {
  Writer out;
  void kind(Kind kind) { out.u8(static_cast<std::uint8_t>(kind)); }
  void operator()(const Ready& ready) {
    kind(Kind::ready);
    out.u16(message_version).u32(ready.signatures).bytes(ready.options);
    out.text(cut(ready.engine, max_engine_name));
  }
  void operator()(const ScanProgress& progress) {
    kind(Kind::progress);
    out.u64(progress.files).u64(progress.bytes);
  }
  void operator()(const Chunk& chunk) {
    kind(chunk.of == Chunk::Of::report ? Kind::report : Kind::files);
    out.bytes(chunk.bytes);
  }
  void operator()(const Done&) { kind(Kind::done); }
  void operator()(const Failure& failure) {
    kind(Kind::failure);
    out.text(failure.why.empty() ? "it does not say why" : cut(failure.why, max_failure));
  }
};

using Parsed = base::Result<FromQube, MessageError>;

base::Result<std::string, MessageError> text_of(Bytes bytes, std::size_t most) {
  if (bytes.empty() || bytes.size() > most) return Unexpected{MessageError::wrong_length};
  std::string text(base::wire::as_text(bytes));
  if (!std::ranges::all_of(text, printable)) return Unexpected{MessageError::bad_text};
  return text;
}

Parsed parse_ready(Reader in) {
  const std::uint16_t version = in.u16();
  Ready ready{.signatures = in.u32(), .options = {}, .engine = {}};
  if (in.ok() && version != message_version) return Unexpected{MessageError::other_version};
  ready.options = take_digest(in);
  if (!in.ok()) return Unexpected{MessageError::wrong_length};
  auto engine = text_of(in.rest(), max_engine_name);
  if (!engine) return Unexpected{engine.error()};
  ready.engine = *std::move(engine);
  return FromQube(std::move(ready));
}

Parsed parse_progress(Reader in) {
  ScanProgress progress;
  progress.files = in.u64();
  progress.bytes = in.u64();
  if (!in.done()) return Unexpected{MessageError::wrong_length};
  return FromQube(progress);
}

Parsed parse_chunk(Bytes bytes, Chunk::Of of) {
  if (bytes.empty() || bytes.size() > max_chunk) return Unexpected{MessageError::wrong_length};
  return FromQube(Chunk{.of = of, .bytes = {bytes.begin(), bytes.end()}});
}

}  // namespace

void append_message(std::vector<std::byte>& out, const FromQube& message) {
  std::vector<std::byte> payload;
  std::visit(Encoder{Writer(payload)}, message);
  base::wire::append_frame(out, payload);
}

void append_order(std::vector<std::byte>& out, const ScanOrder& order) {
  std::vector<std::byte> payload;
  Writer(payload)
      .u8(order_kind)
      .u8(static_cast<std::uint8_t>(order.deleted))
      .u64(order.size)
      .u64(order.margin)
      .u64(order.largest_file)
      .bytes(order.database)
      .u32(order.known)
      .u8(order.passphrase ? 1 : 0);
  base::wire::append_frame(out, payload);
}

void append_known(std::vector<std::byte>& out, std::span<const ContentKey> contents) {
  while (!contents.empty()) {
    const auto part = contents.first(std::min(contents.size(), known_in_message));
    std::vector<std::byte> payload;
    Writer writer(payload);
    writer.u8(known_kind);
    for (const ContentKey& each : part) write_content(writer, each);
    base::wire::append_frame(out, payload);
    contents = contents.subspan(part.size());
  }
}

void append_passphrase(std::vector<std::byte>& out, Bytes passphrase) {
  std::vector<std::byte> payload;
  payload.reserve(1 + unlock::max_passphrase);  // nothing that grows leaves a copy behind
  Writer(payload).u8(passphrase_kind).bytes(passphrase);
  base::wire::append_frame(out, payload);
  ::explicit_bzero(payload.data(), payload.size());
}

std::string_view describe(MessageError error) {
  switch (error) {
    case MessageError::unknown_kind:
      return "it says something that nobody knows";
    case MessageError::wrong_length:
      return "a message of its has a wrong length";
    case MessageError::bad_text:
      return "a text of its is not printable";
    case MessageError::other_version:
      return "it speaks another version; make its image anew";
  }
  return "?";
}

base::Result<FromQube, MessageError> parse_message(Bytes untrusted) {
  Reader in(untrusted);
  const std::uint8_t kind = in.u8();
  if (!in.ok()) return Unexpected{MessageError::wrong_length};
  if (kind < static_cast<std::uint8_t>(Kind::ready) ||
      kind > static_cast<std::uint8_t>(Kind::failure)) {
    return Unexpected{MessageError::unknown_kind};
  }
  switch (Kind{kind}) {
    case Kind::ready:
      return parse_ready(in);
    case Kind::progress:
      return parse_progress(in);
    case Kind::report:
      return parse_chunk(in.rest(), Chunk::Of::report);
    case Kind::files:
      return parse_chunk(in.rest(), Chunk::Of::files);
    case Kind::done:
      if (!in.done()) return Unexpected{MessageError::wrong_length};
      return FromQube(Done{});
    case Kind::failure: {
      auto why = text_of(in.rest(), max_failure);
      if (!why) return Unexpected{why.error()};
      return FromQube(Failure{.why = *std::move(why)});
    }
  }
  return Unexpected{MessageError::unknown_kind};
}

base::Result<ScanOrder, MessageError> parse_order(Bytes payload) {
  Reader in(payload);
  const std::uint8_t kind = in.u8();
  const std::uint8_t deleted = in.u8();
  ScanOrder order;
  order.size = in.u64();
  order.margin = in.u64();
  order.largest_file = in.u64();
  order.database = take_digest(in);
  order.known = in.u32();
  const std::uint8_t passphrase = in.u8();
  if (!in.done() || order.known > max_known) return Unexpected{MessageError::wrong_length};
  if (kind != order_kind || passphrase > 1 ||
      deleted > static_cast<std::uint8_t>(ScanOrder::Deleted::include)) {
    return Unexpected{MessageError::unknown_kind};
  }
  order.deleted = ScanOrder::Deleted{deleted};
  order.passphrase = passphrase == 1;
  return order;
}

base::Result<std::vector<ContentKey>, MessageError> parse_known(Bytes payload) {
  Reader in(payload);
  const std::uint8_t kind = in.u8();
  if (in.ok() && kind != known_kind) return Unexpected{MessageError::unknown_kind};
  const std::size_t size = in.rest().size();
  if (!in.ok() || size == 0 || size % cached_entry_size != 0) {
    return Unexpected{MessageError::wrong_length};
  }
  std::vector<ContentKey> contents;
  contents.reserve(size / cached_entry_size);
  while (!in.done()) contents.push_back(read_content(in));
  return contents;
}

base::Result<unlock::Secret, MessageError> parse_passphrase(Bytes payload) {
  Reader in(payload);
  const std::uint8_t kind = in.u8();
  if (in.ok() && kind != passphrase_kind) return Unexpected{MessageError::unknown_kind};
  const Bytes passphrase = in.rest();
  if (!in.ok() || passphrase.empty() || passphrase.size() > unlock::max_passphrase) {
    return Unexpected{MessageError::wrong_length};
  }
  return unlock::Secret(passphrase);
}

}  // namespace scannerqube
