// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/volume/compare.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace scannerqube::volume {
namespace {

// libtsk writes '^' for what it cannot show, and for bytes of a short name beyond ASCII.
std::string comparable(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool plain = c >= ' ' && c <= '~';
    const char shown = plain ? c : '^';
    if (shown == '^' && !out.empty() && out.back() == '^') continue;
    out += shown;
  }
  return out;
}

struct Known {
  std::string path;
  const Entry* entry = nullptr;
};

std::vector<Known> known(const Listing& listing) {
  std::vector<Known> all;
  for (const Entry& entry : listing.entries) {
    if (entry.state == State::allocated && entry.kind != Kind::stream &&
        entry.kind != Kind::slack) {
      all.push_back({.path = comparable(entry.path), .entry = &entry});
    }
  }
  const auto first_offset = [](const Entry& entry) {
    return entry.extents.empty() ? 0 : entry.extents.front().where.offset;
  };
  std::ranges::sort(all, [&first_offset](const Known& a, const Known& b) {
    if (a.path != b.path) return a.path < b.path;
    if (a.entry->size != b.entry->size) return a.entry->size < b.entry->size;
    return first_offset(*a.entry) < first_offset(*b.entry);
  });
  return all;
}

std::string difference(const Entry& one, const Entry& other) {
  const bool folder = one.kind == Kind::directory;
  if (folder != (other.kind == Kind::directory)) return "is a folder to one reader only";
  if (folder) return {};
  if (one.size != other.size) {
    return "has " + std::to_string(one.size) + " bytes to one reader, " +
           std::to_string(other.size) + " to the other";
  }
  const bool readable = one.content != Content::none;
  if (readable != (other.content != Content::none)) return "can be read by one reader only";
  if (readable && one.extents != other.extents) return "lies elsewhere to the other reader";
  return {};
}

}  // namespace

std::vector<Finding> compare(const Listing& one, const Listing& other) {
  const auto left = known(one);
  const auto right = known(other);
  std::vector<Finding> found;
  const auto say = [&found](const Entry& entry, const std::string& what) {
    if (found.size() < max_differences) {
      found.push_back(finding(Concern::difference, quote(entry.path) + " " + what));
    }
  };
  auto a = left.begin();
  auto b = right.begin();
  while (a != left.end() || b != right.end()) {
    if (b == right.end() || (a != left.end() && a->path < b->path)) {
      say(*a++->entry, "is seen by the first reader only");
    } else if (a == left.end() || b->path < a->path) {
      say(*b++->entry, "is seen by the second reader only");
    } else {
      if (const auto what = difference(*a->entry, *b->entry); !what.empty()) say(*a->entry, what);
      ++a;
      ++b;
    }
  }
  return found;
}

std::vector<Finding> add_unseen(Listing& one, const Listing& other) {
  // A file without content has nothing to find; one that cannot be read was said to be so.
  const auto has_content = [](const Entry& entry) {
    return entry.content == Content::extents && entry.size > 0;
  };
  using Place = std::pair<std::uint64_t, std::uint64_t>;  // where it begins, its size
  const auto place = [](const Entry& entry) {
    return Place{entry.extents.front().where.offset, entry.size};
  };
  std::set<Place> left;
  std::set<Place> right;
  for (const Entry& entry : one.entries) {
    if (has_content(entry)) left.insert(place(entry));
  }
  for (const Entry& entry : other.entries) {
    if (has_content(entry)) right.insert(place(entry));
  }
  std::vector<Finding> found;
  const auto say = [&found](const Entry& entry, const std::string& what) {
    if (found.size() < max_differences) {
      found.push_back(finding(Concern::difference, quote(entry.path) + " " + what));
    }
  };
  for (const Entry& entry : one.entries) {
    if (has_content(entry) && !right.contains(place(entry)))
      say(entry, "is seen by the first reader only");
  }
  for (const Entry& entry : other.entries) {
    if (!has_content(entry) || !left.insert(place(entry)).second) continue;
    say(entry, "is seen by the second reader only");
    if (!one.entry(entry)) break;
  }
  return found;
}

}  // namespace scannerqube::volume
