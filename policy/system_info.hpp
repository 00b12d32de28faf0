// SPDX-License-Identifier: GPL-2.0-or-later
// What dom0 knows about its qubes, as far as policy asks: the facts a decision is made from.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace policy {

// One qube. Everything here is dom0's own knowledge; nothing comes from the qube itself.
struct QubeFacts {
  std::string name = {};
  std::string type = {};  // AppVM, DispVM, AdminVM, ...
  std::vector<std::string> tags = {};
  bool running = false;
  bool internal = false;  // never offered at a prompt
  bool template_for_dispvms = false;
  std::string default_dispvm = {};  // empty: none
  std::string icon = {};
  std::string uuid = {};  // bare, lower case; empty: none
};

// All qubes by name. dom0 is of type AdminVM, runs, and is always there.
class SystemInfo {
 public:
  using Qubes = std::map<std::string, QubeFacts, std::less<>>;

  SystemInfo();
  // Moved, never copied: the index points into it.
  SystemInfo(const SystemInfo&) = delete;
  SystemInfo& operator=(const SystemInfo&) = delete;
  SystemInfo(SystemInfo&&) = default;
  SystemInfo& operator=(SystemInfo&&) = default;
  ~SystemInfo() = default;

  // Adds a qube or replaces the one of that name. dom0 stays an AdminVM whatever is given.
  void add(QubeFacts facts);
  // By name, by "uuid:UUID", or "@adminvm" for dom0; nullptr when there is no such qube.
  const QubeFacts* find(std::string_view name) const;
  const Qubes& qubes() const { return qubes_; }

 private:
  using Index = std::unordered_map<std::string_view, const QubeFacts*>;

  void index(const QubeFacts& qube);

  Qubes qubes_;    // a node stays where it is
  Index by_name_;  // the same, quicker
  Index by_uuid_;  // of several with one uuid the first by name
};

}  // namespace policy
