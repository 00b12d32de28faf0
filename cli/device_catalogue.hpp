// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon lists, asked for once each and read: qubes, their devices, their attachments.
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

  DeviceCatalogue(const Admin& admin, std::string device_class)
      : admin_(admin), class_(std::move(device_class)) {}

  Answer<std::vector<Qube>> qubes();
  Answer<Devices> available(const std::string& backend);
  Answer<Attachments> attached(const std::string& frontend);

  // Lines that could not be read, one text each; they make a device unknown or are left out.
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  const Admin& admin_;
  std::string class_;
  std::vector<Qube> qubes_;
  std::map<std::string, Devices> available_;
  std::map<std::string, Attachments> attached_;
  std::vector<std::string> complaints_;
};

}  // namespace cli
