// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/engine/zip_check.hpp"

#include <algorithm>

namespace scannerqube {
namespace {

using base::wire::Bytes;
using base::wire::Reader;
using namespace std::string_view_literals;

// PKWARE's APPNOTE.TXT, 4.3.
constexpr std::string_view local_signature = "PK\x03\x04"sv;
constexpr std::string_view central_signature = "PK\x01\x02"sv;
constexpr std::string_view end_signature = "PK\x05\x06"sv;
constexpr std::size_t end_size = 22;
constexpr std::size_t longest_comment = 65535;
constexpr std::uint16_t sizes_follow = 1U << 3U;  // the flag: sizes stand behind the content
constexpr std::uint16_t everywhere16 = 0xffff;    // zip64: the number stands elsewhere
constexpr std::uint32_t everywhere32 = 0xffffffff;

// What libclamav 1.4 unpacks (unzip.c): stored, imploded, deflated, deflate64, bzip2.
bool is_known(std::uint16_t method) {
  return method == 0 || method == 6 || method == 8 || method == 9 || method == 12;
}

struct End {
  std::size_t at = 0;
  std::uint16_t count = 0;
  std::uint32_t size = 0;
  std::uint32_t offset = 0;
};

std::optional<End> find_end(Bytes bytes) {
  if (bytes.size() < end_size) return std::nullopt;
  const std::size_t last = bytes.size() - end_size;
  const std::size_t first = last > longest_comment ? last - longest_comment : 0;
  const std::string_view text = base::wire::as_text(bytes);
  const std::size_t at = text.substr(first).rfind(end_signature);
  if (at == std::string_view::npos || at > last - first) return std::nullopt;
  End end{.at = first + at};
  Reader in(bytes.subspan(end.at + 10));
  end.count = in.u16();
  end.size = in.u32();
  end.offset = in.u32();
  return end;
}

bool leads_to_members(Bytes bytes, const End& end) {
  if (end.size > end.at) return false;
  const std::size_t start = end.at - end.size;
  return base::wire::as_text(bytes).substr(start, central_signature.size()) == central_signature;
}

struct Member {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t packed = 0;
  std::uint32_t offset = 0;
};

std::optional<Member> next_member(Reader& in) {
  Member member;
  if (base::wire::as_text(in.take(4)) != central_signature) return std::nullopt;
  in.take(4);  // versions
  member.flags = in.u16();
  member.method = in.u16();
  in.take(8);  // time and checksum
  member.packed = in.u32();
  in.u32();
  const std::size_t name = in.u16();
  const std::size_t extra = in.u16();
  const std::size_t comment = in.u16();
  in.take(8);  // disc and attributes
  member.offset = in.u32();
  in.take(name);
  in.take(extra);
  in.take(comment);
  if (!in.ok()) return std::nullopt;
  return member;
}

// What the header before the member says otherwise.
std::optional<std::string> local_doubt(Bytes bytes, const Member& member, std::uint64_t moved) {
  const std::uint64_t at = moved + member.offset;
  if (at > bytes.size()) return "a zip member that lies outside";
  Reader in(bytes.subspan(static_cast<std::size_t>(at)));
  if (base::wire::as_text(in.take(4)) != local_signature) return "a zip member without its header";
  in.u16();
  const std::uint16_t flags = in.u16();
  const std::uint16_t method = in.u16();
  in.take(8);
  const std::uint32_t packed = in.u32();
  in.u32();
  const std::size_t name = in.u16();
  const std::size_t extra = in.u16();
  in.take(name);
  in.take(extra);
  const bool later = (flags & sizes_follow) != 0 && packed == 0;
  if (!in.ok() || member.packed > in.rest().size()) return "a zip member that is cut off";
  if (method != member.method || ((flags ^ member.flags) & 1U) != 0 ||
      (packed != member.packed && !later)) {
    return "a zip member whose two headers differ";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> zip_doubt(Bytes untrusted) {
  const bool begins_as_one = base::wire::as_text(untrusted).starts_with(local_signature);
  const auto end = find_end(untrusted);
  // Programs have these letters in them too.
  if (end && !begins_as_one && !leads_to_members(untrusted, *end)) return std::nullopt;
  if (!end && begins_as_one) return "a zip archive without its directory";
  if (!end) return std::nullopt;
  if (end->count == everywhere16 || end->size == everywhere32 || end->offset == everywhere32) {
    return "a zip64 archive: its directory is not compared";
  }
  // A program may stand before the archive; then all offsets are meant from behind it.
  if (end->size > end->at || end->offset > end->at - end->size) {
    return "a zip archive whose directory is not where it should be";
  }
  const std::uint64_t start = end->at - end->size;
  const std::uint64_t moved = start - end->offset;
  Reader in(untrusted.subspan(static_cast<std::size_t>(start), end->size));
  std::uint64_t first = start;
  for (std::uint16_t i = 0; i < end->count; ++i) {
    const auto member = next_member(in);
    if (!member) return "a zip archive with a damaged directory";
    if (!is_known(member->method)) {
      return "a zip member packed by method " + std::to_string(member->method) +
             ": no program here unpacks it";
    }
    if (auto doubt = local_doubt(untrusted, *member, moved)) return doubt;
    first = std::min(first, moved + member->offset);
  }
  if (!in.done()) return "a zip archive with more in its directory than it says";
  if (begins_as_one && first != 0) return "a zip member that the directory does not have";
  return std::nullopt;
}

}  // namespace scannerqube
