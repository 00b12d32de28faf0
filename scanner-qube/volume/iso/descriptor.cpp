// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/iso/descriptor.hpp"

#include <algorithm>
#include <array>

namespace scannerqube::volume::iso {
namespace {

using base::wire::BigReader;
using base::wire::Bytes;
using base::wire::Reader;

constexpr std::uint8_t primary = 1;
constexpr std::uint8_t supplementary = 2;
constexpr std::uint8_t terminator = 255;

// Joliet says which of three levels of UCS-2 its names have.
bool is_joliet(Bytes escapes) {
  constexpr std::array<std::string_view, 3> levels{"%/@", "%/C", "%/E"};
  const std::string_view text = base::wire::as_text(escapes);
  return std::ranges::any_of(levels, [&](auto level) { return text.starts_with(level); });
}

Tree parse_tree(Bytes untrusted, std::uint8_t type) {
  Tree tree;
  if (type == supplementary && is_joliet(untrusted.subspan(88, 32))) tree.letters = Letters::ucs2;
  Reader block(untrusted.subspan(128));
  tree.block = block.u16();
  const std::uint16_t again = BigReader(block.take(2)).u16();
  if (tree.block != 512 && tree.block != 1024 && tree.block != 2048) {
    tree.damages.emplace_back("blocks of " + std::to_string(tree.block) + " bytes");
    tree.block = 2048;
  } else if (again != tree.block) {
    tree.damages.emplace_back("two sizes of a block");
  }
  Reader root(untrusted.subspan(156));
  root.u8();
  const std::uint8_t attributes = root.u8();
  tree.root = root.u32();
  const std::uint32_t root_again = BigReader(root.take(4)).u32();
  tree.root_size = root.u32();
  const std::uint32_t size_again = BigReader(root.take(4)).u32();
  if (tree.root != root_again || tree.root_size != size_again) {
    tree.damages.emplace_back("a root folder in two places");
  }
  tree.root += attributes;  // blocks; a wrap leads to a place like any other
  return tree;
}

}  // namespace

std::optional<Descriptor> parse_descriptor(Bytes untrusted) {
  if (untrusted.size() < descriptor_size) return std::nullopt;
  if (base::wire::as_text(untrusted.subspan(1, 5)) != "CD001") return std::nullopt;
  const auto type = std::to_integer<std::uint8_t>(untrusted[0]);
  Descriptor descriptor;
  if (type == terminator) descriptor.kind = Descriptor::Kind::end;
  if (type == primary || type == supplementary) {
    descriptor.kind = Descriptor::Kind::tree;
    descriptor.tree = parse_tree(untrusted, type);
  }
  return descriptor;
}

}  // namespace scannerqube::volume::iso
