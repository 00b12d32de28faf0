// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wire/writer.hpp"
#include "scanner-qube/volume/record.hpp"

namespace scannerqube::volume {
namespace {

using base::wire::Writer;

void put_text(Writer& out, std::string_view text) {
  out.u32(static_cast<std::uint32_t>(text.size())).text(text);
}

void put(Writer& out, const Part& part) {
  out.u32(part.number).u64(part.where.offset).u64(part.where.length);
  out.u8(static_cast<std::uint8_t>(part.table));
  put_text(out, part.type);
  put_text(out, part.note);
}

void put(Writer& out, const Area& area) {
  out.u8(static_cast<std::uint8_t>(area.kind)).u64(area.where.offset).u64(area.where.length);
}

void put(Writer& out, const Recognised& found) {
  out.u32(static_cast<std::uint32_t>(found.kinds.size()));
  for (const FileSystem kind : found.kinds) out.u8(static_cast<std::uint8_t>(kind));
}

void put(Writer& out, const Finding& found) {
  out.u8(static_cast<std::uint8_t>(found.concern));
  put_text(out, found.text);
}

void put(Writer& out, const Entry& entry) {
  const Handle& handle = entry.handle;
  out.u16(handle.volume).u64(handle.address).u32(handle.attribute).u16(handle.id);
  put_text(out, entry.path);
  out.u8(static_cast<std::uint8_t>(entry.kind)).u8(static_cast<std::uint8_t>(entry.state));
  out.u64(entry.size);
  out.u8(static_cast<std::uint8_t>(entry.content)).u8(static_cast<std::uint8_t>(entry.reason));
  out.u32(static_cast<std::uint32_t>(entry.extents.size()));
  for (const Extent& extent : entry.extents) {
    out.u64(extent.where.offset).u64(extent.where.length);
    out.u8(static_cast<std::uint8_t>(extent.backing));
  }
  out.u32(static_cast<std::uint32_t>(entry.resident.size())).bytes(entry.resident);
  for (const std::int64_t time :
       {entry.times.modified, entry.times.accessed, entry.times.changed, entry.times.created}) {
    out.u64(static_cast<std::uint64_t>(time));
  }
}

void put(Writer& out, const End& end) { out.u64(end.entries); }

void put(Writer& out, const Piece& piece) {
  out.u8(static_cast<std::uint8_t>(piece.outcome));
  out.u32(static_cast<std::uint32_t>(piece.bytes.size())).bytes(piece.bytes);
  put_text(out, piece.text);
}

}  // namespace

void append_record(std::vector<std::byte>& out, const Record& record) {
  const std::size_t start = out.size();
  Writer writer(out);
  writer.u32(0).u8(static_cast<std::uint8_t>(record.index()));
  std::visit([&writer](const auto& value) { put(writer, value); }, record);
  const auto length = static_cast<std::uint32_t>(out.size() - start - 4);
  for (std::size_t i = 0; i < 4; ++i) {
    out[start + i] = static_cast<std::byte>(length >> (8 * i));  // written as zero above
  }
}

std::vector<std::byte> encode(const ReadRequest& request) {
  std::vector<std::byte> out;
  Writer(out)
      .u16(request.handle.volume)
      .u64(request.handle.address)
      .u32(request.handle.attribute)
      .u16(request.handle.id)
      .u64(request.offset)
      .u32(request.length);
  return out;
}

}  // namespace scannerqube::volume
