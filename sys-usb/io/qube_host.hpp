// SPDX-License-Identifier: GPL-2.0-or-later
// What a qube needs from this host before it can start: programs, images, vsock, VFIO, KVM.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/config/qube_config.hpp"
#include "base/io/paths.hpp"
#include "sys-usb/io/qube_process.hpp"
#include "sys-usb/qube_command.hpp"

namespace sysusb::io {

// A program by path, or by name in PATH; the error says which package has QEMU.
base::Result<std::string> find_program(const std::string& name);
// sallyport-dial: beside this program, or where it is installed.
base::Result<std::string> find_dialer(const std::string& given);
base::Status check_image(const ImageFiles& image, const std::string& name);
base::Result<base::io::Fd> open_vhost_vsock(const base::config::QubeConfig& config);

// Controllers given by PCI address must be bound to vfio-pci and reachable; the group's device
// goes to `identity` if there is one. Of one that is not bound yet, the text says how, and warns if
// this host's last keyboard would go with it.
base::Status prepare_controllers(const base::config::QubeConfig& config,
                                 const std::optional<base::io::Identity>& identity,
                                 const std::string& sysfs = "/sys");

// KVM if a guest really boots with it, found out once per boot of the host and kept in
// ROOT/run/sallyport/accel.
base::Result<Accelerator> choose_accelerator(const base::io::Paths& paths, Machine machine,
                                             const std::optional<base::io::Identity>& identity);

}  // namespace sysusb::io
