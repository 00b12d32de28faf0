// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon lists, asked for once each and read: qubes, their devices, what they use and are
// to get.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/admin_call.hpp"
#include "cli/device_info.hpp"

namespace cli {

// Why a command ends early: a failed call, or a list that cannot be read.
using CatalogueError = AdminFailure;
inline base::Unexpected<CatalogueError> pass_on(const CatalogueError& error) {
  return base::Unexpected<CatalogueError>{error};
}

class DeviceCatalogue {
 public:
  using Devices = std::vector<DeviceInfo>;
  using Attachments = std::vector<Attachment>;
  template <class T>
  using Answer = base::Result<const T*, CatalogueError>;
  enum class List { available, attached, assigned };

  DeviceCatalogue(const Admin& admin, std::string device_class)
      : admin_(admin), class_(std::move(device_class)) {}

  Answer<std::vector<Qube>> qubes();
  // By name; nullptr: there is no such qube.
  base::Result<const Qube*, CatalogueError> qube(const std::string& name);
  Answer<Devices> available(const std::string& backend);
  Answer<Attachments> attached(const std::string& frontend);
  Answer<Attachments> assigned(const std::string& frontend);

  // Asks for these lists of these qubes at once, so that they are there when they are needed. A
  // call that fails is made again by the one who needs it, and fails then.
  void prefetch(const std::vector<std::string>& qubes, const std::vector<List>& lists);
  const std::string& device_class() const { return class_; }
  // Lines that could not be read, one text each; they make a device unknown or are left out.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  AdminCall call_for(List list, const std::string& qube) const;
  Answer<Attachments> attachments(List list, const std::string& frontend);
  // Reads the list and keeps it, unless there is one already.
  void take(List list, const std::string& qube, std::string_view untrusted);
  void take_available(const std::string& backend, std::string_view untrusted);

  const Admin& admin_;
  std::string class_;
  std::vector<Qube> qubes_;
  std::map<std::string, Devices> available_;
  std::map<std::pair<List, std::string>, Attachments> attachments_;
  std::vector<std::string> complaints_;
};

// Every line but the empty ones.
template <class Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace cli
