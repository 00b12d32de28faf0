// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/release/safe_names.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "scanner-qube/release/limits.hpp"
#include "scanner-qube/release/safe_name.hpp"

namespace scannerqube::release {
namespace {

// Part of the sorted paths: those that begin with the same folders.
struct Span {
  std::size_t first = 0;
  std::size_t last = 0;
};

struct Waiting {
  std::uint32_t folder = 0;
  Span span = {};
  std::size_t prefix = 0;  // bytes of each path that lead here
  std::size_t depth = 0;
  std::size_t path_bytes = 0;  // of the new names
};

struct Child {
  enum class Kind : std::uint8_t { folder, file } kind = Kind::file;
  std::string_view untrusted = {};
  Span span = {};  // of a file: `first` only
  std::string name = {};
};

// The names of one folder that are given away.
class Names {
 public:
  bool take(const std::string& name) { return next_.try_emplace(name_key(name), 2).second; }
  // With the lowest number that is free. Ends: each number that is not free was given to a name.
  std::string take_numbered(const std::string& name) {
    std::uint32_t number = next_.at(name_key(name));
    for (;; ++number) {
      std::string numbered = with_number(name, number);
      if (!take(numbered)) continue;
      next_.at(name_key(name)) = number + 1;
      return numbered;
    }
  }

 private:
  std::unordered_map<std::u32string, std::uint32_t> next_;
};

// First those that need no change, so that nobody takes their name; then the others in order.
void name_children(std::vector<Child>& children, Names& names) {
  std::vector<Child*> others;
  for (Child& child : children) {
    child.name = safe_name(child.untrusted);
    if (child.name != child.untrusted || !names.take(child.name)) others.push_back(&child);
  }
  for (Child* child : others) {
    if (!names.take(child->name)) child->name = names.take_numbered(child->name);
  }
}

class Tree {
 public:
  explicit Tree(const std::vector<std::string_view>& paths) : paths_(paths), order_(paths.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::stable_sort(order_, {}, [this](std::size_t i) { return paths_[i]; });
    tree_.files.resize(paths.size());
    tree_.folders.push_back({});
  }

  base::Result<SafeNames> run(const std::vector<std::string_view>& taken) {
    waiting_.push_back({.span = {.first = 0, .last = order_.size()}});
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      Names names;
      for (const std::string_view name : taken) {
        if (i == 0) names.take(std::string(name));
      }
      const Waiting next = waiting_[i];
      std::vector<Child> children = children_of(next);
      name_children(children, names);
      for (Child& child : children) put(next, child);
      if (tree_.folders.size() > max_folders) {
        return base::fail("names for the release: there are more than " +
                          std::to_string(max_folders) + " folders; release fewer files at once");
      }
    }
    return std::move(tree_);
  }

 private:
  std::string_view path(std::size_t at) const { return paths_[order_[at]]; }

  std::vector<Child> children_of(const Waiting& here) const {
    std::vector<Child> children;
    const bool lowest = here.depth == max_depth || here.path_bytes > max_folder_path;
    for (std::size_t at = here.span.first; at < here.span.last;) {
      const std::string_view rest = path(at).substr(here.prefix);
      const auto slash = rest.find('/');
      if (slash == std::string_view::npos || lowest) {
        const auto from = slash == std::string_view::npos ? 0 : rest.rfind('/') + 1;
        children.push_back({.untrusted = rest.substr(from), .span = {.first = at, .last = at + 1}});
        ++at;
        continue;
      }
      const std::string_view same = path(at).substr(0, here.prefix + slash + 1);
      std::size_t end = at;
      while (end < here.span.last && path(end).starts_with(same)) ++end;
      children.push_back({.kind = Child::Kind::folder,
                          .untrusted = rest.substr(0, slash),
                          .span = {.first = at, .last = end}});
      at = end;
    }
    return children;
  }

  void put(const Waiting& here, Child& child) {
    if (child.kind == Child::Kind::file) {
      tree_.files[order_[child.span.first]] = {.folder = here.folder,
                                               .name = std::move(child.name)};
      return;
    }
    waiting_.push_back({.folder = static_cast<std::uint32_t>(tree_.folders.size()),
                        .span = child.span,
                        .prefix = here.prefix + child.untrusted.size() + 1,
                        .depth = here.depth + 1,
                        .path_bytes = here.path_bytes + child.name.size() + 1});
    tree_.folders.push_back({.parent = here.folder, .name = std::move(child.name)});
  }

  const std::vector<std::string_view>& paths_;
  std::vector<std::size_t> order_;
  std::vector<Waiting> waiting_;
  SafeNames tree_;
};

}  // namespace

std::string SafeNames::path_of(std::size_t file) const {
  std::string path = files[file].name;
  // A parent comes before its folder, so this ends at the root.
  for (std::uint32_t folder = files[file].folder; folder != 0; folder = folders[folder].parent) {
    path.insert(0, folders[folder].name + "/");
  }
  return path;
}

base::Result<SafeNames> safe_names(const std::vector<std::string_view>& untrusted,
                                   const std::vector<std::string_view>& taken) {
  return Tree(untrusted).run(taken);
}

}  // namespace scannerqube::release
