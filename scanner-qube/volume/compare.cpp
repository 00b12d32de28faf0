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

std::vector<Known> known(const Listing& listing, Compared compared) {
  std::vector<Known> all;
  for (const Entry& entry : listing.entries) {
    const bool counts = entry.kind != Kind::slack &&
                        (entry.kind != Kind::stream || compared == Compared::with_streams);
    if (entry.state == State::allocated && counts) {
      all.push_back({.path = comparable(entry.path), .entry = &entry});
    }
  }
  const auto first_offset = [](const Entry& entry) {
    return entry.extents.empty() ? 0 : entry.extents.front().where.offset;
  };
  std::ranges::sort(all, [&first_offset](const Known& a, const Known& b) {
    if (a.path != b.path) return a.path < b.path;
    if (a.entry->size != b.entry->size) return a.entry->size < b.entry->size;
    if (first_offset(*a.entry) != first_offset(*b.entry)) {
      return first_offset(*a.entry) < first_offset(*b.entry);
    }
    return a.entry->path < b.entry->path;  // of both readers, where libtsk replaced nothing
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
  // Of what is compressed the second reader only knows the size.
  if (!readable || other.reason == Reason::compressed) return {};
  if (one.extents != other.extents) return "lies elsewhere to the other reader";
  const bool resident = one.content == Content::resident && other.content == Content::resident;
  if (resident && one.resident != other.resident) return "has other bytes to the other reader";
  return {};
}

}  // namespace

std::vector<Finding> compare(const Listing& one, const Listing& other, Compared compared) {
  const auto left = known(one, compared);
  const auto right = known(other, compared);
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
      const std::string text = difference(*a->entry, *b->entry);
      if (!text.empty()) say(*a->entry, text);
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
