// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/apfs/tree.hpp"

#include <unordered_set>

namespace scannerqube::volume::apfs {
namespace {

using base::wire::Bytes;
using base::wire::Reader;

constexpr std::size_t node_header_size = 56;
constexpr std::size_t info_size = 40;  // at the end of a root
constexpr std::uint16_t is_root = 1;
constexpr std::uint16_t is_leaf = 2;
constexpr std::uint16_t is_fixed = 4;

struct Record {
  Bytes key;
  Bytes value;
};

struct Node {
  std::uint16_t level = 0;
  std::vector<Record> records = {};  // into the node's bytes
};

class Walk {
 public:
  Walk(const Source& container, const Tree& tree, const OnRecord& on_record)
      : container_(container), tree_(tree), on_record_(on_record) {}

  base::Status root() { return node(tree_.root, std::nullopt); }

 private:
  // `level`: which it has to be of; of the root any. No deeper than max_tree_level.
  base::Status node(std::uint64_t number, std::optional<std::uint16_t> level) {
    const auto block = tree_.fixed ? std::optional(number) : tree_.where(number);
    if (!block) return base::fail("node " + std::to_string(number) + " is nowhere");
    // No block is two nodes, so there is no loop, and no more work than there are blocks.
    if (!seen_.insert(*block).second) return base::fail("a node that is there twice");
    if (seen_.size() > max_tree_nodes) return base::fail("too many nodes");
    const auto bytes = read_object(container_, *block,
                                   {.type = level ? object_type::tree_node : object_type::tree_root,
                                    .subtype = tree_.subtype,
                                    .number = number,
                                    .newest = tree_.newest});
    if (!bytes) return base::Unexpected{bytes.error()};
    const auto parsed = parse(*bytes, level ? Place::below : Place::root);
    if (!parsed || parsed->level > max_tree_level || (level && parsed->level != *level)) {
      return base::fail("block " + std::to_string(*block) + " is no node of its tree");
    }
    for (const Record& record : parsed->records) {
      if (!in_order(record.key, parsed->level == 0)) {
        return base::fail("block " + std::to_string(*block) + ": keys that are not in order");
      }
      if (parsed->level == 0) {
        if (auto done = on_record_(record.key, record.value); !done) return done;
        continue;
      }
      Reader in(record.value);
      const std::uint64_t child = in.u64();
      if (!in.done()) return base::fail("a pointer of another size");
      const auto below = static_cast<std::uint16_t>(parsed->level - 1);
      if (auto done = node(child, below); !done) return done;
    }
    return base::Ok{};
  }

  enum class Place : std::uint8_t { root, below };

  std::optional<Node> parse(Bytes bytes, Place place) const {
    const bool root = place == Place::root;
    Reader in(bytes);
    in.take(header_size);
    const std::uint16_t flags = in.u16();
    Node node{.level = in.u16()};
    const std::uint32_t count = in.u32();
    const std::uint16_t table = in.u16();
    const std::uint16_t table_size = in.u16();
    const unsigned wanted =
        (root ? is_root : 0U) | (node.level == 0 ? is_leaf : 0U) | (tree_.fixed ? is_fixed : 0U);
    const std::size_t entry_size = tree_.fixed ? 4 : 8;
    const std::size_t end = bytes.size() - (root ? info_size : 0);
    const std::size_t keys = node_header_size + table_size;
    // Some drivers take the table to be where it always is, whatever the node says.
    if (flags != wanted || table != 0 || keys > end || count > table_size / entry_size) {
      return std::nullopt;
    }
    if (root && !has_own_info(bytes.subspan(end))) return std::nullopt;
    Reader entries(bytes.subspan(node_header_size, table_size));
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::size_t key = entries.u16();
      const std::size_t key_size = tree_.fixed ? 16 : entries.u16();
      const std::size_t value = entries.u16();  // from the end
      const std::size_t fixed_value = node.level == 0 ? 16 : 8;
      const std::size_t value_size = tree_.fixed ? fixed_value : entries.u16();
      if (key_size > end - keys || key > end - keys - key_size || value > end - keys ||
          value_size > value) {
        return std::nullopt;
      }
      node.records.push_back({.key = bytes.subspan(keys + key, key_size),
                              .value = bytes.subspan(end - value, value_size)});
    }
    return node;
  }

  // What the tree says of itself, by which others find its nodes and records.
  bool has_own_info(Bytes info) const {
    constexpr std::uint32_t physical = 0x10;
    // Ghosts, ephemeral, nonpersistent, hashed, without headers.
    constexpr std::uint32_t another_kind = 0x4 | 0x8 | 0x20 | 0x80 | 0x100;
    Reader in(info);
    const std::uint32_t flags = in.u32();
    const std::uint32_t node_size = in.u32();
    const std::uint32_t key_size = in.u32();
    const std::uint32_t value_size = in.u32();
    const std::uint32_t record_size = tree_.fixed ? 16 : 0;
    return ((flags & physical) != 0) == tree_.fixed && (flags & another_kind) == 0 &&
           node_size == block_size && key_size == record_size && value_size == record_size;
  }

  // A pointer's key is no greater than all that it leads to, and greater than all before it.
  bool in_order(Bytes key, bool leaf) {
    const auto order = last_.empty() ? tree_.compare(key, key) : tree_.compare(last_, key);
    if (!order) return false;
    const bool may_be_equal = last_.empty() || !last_is_leaf_;
    if (*order > 0 || (*order == 0 && !may_be_equal)) return false;
    last_.assign(key.begin(), key.end());
    last_is_leaf_ = leaf;
    return true;
  }

  const Source& container_;
  const Tree& tree_;
  const OnRecord& on_record_;
  std::unordered_set<std::uint64_t> seen_;
  std::vector<std::byte> last_;
  bool last_is_leaf_ = false;
};

}  // namespace

base::Status walk_tree(const Source& container, const Tree& tree, const OnRecord& on_record) {
  return Walk(container, tree, on_record).root();
}

}  // namespace scannerqube::volume::apfs
