// SPDX-License-Identifier: GPL-2.0-or-later
// QEMU's command line for a qube: a minimal machine with a read-only root and one way to dom0.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/config/qube_config.hpp"

namespace sysusb {

enum class Accelerator { kvm, tcg };
const char* name_of(Accelerator accelerator);

// What a qube boots from. Made by sys-usb/image/build.
struct ImageFiles {
  std::string kernel;
  std::string initrd;
  std::string root;
};
ImageFiles image_files(std::string_view folder, std::string_view image);

struct Machine {
  std::string qemu = "qemu-system-x86_64";
  ImageFiles image;
  Accelerator accelerator = Accelerator::tcg;
  int qmp_fd = -1;                // a listening Unix socket that QEMU inherits
  int vhost_fd = -1;              // transport vsock: /dev/vhost-vsock, opened by the launcher
  std::string dial_program;       // transport unix: started for each connection of the guest
  std::string qube_socket;        // transport unix: where it dials to
  std::vector<std::string> more;  // for tests: given to QEMU as they are
};

// The argument vector. The guest's serial line is QEMU's stdout; its stdin is never read from.
std::vector<std::string> qemu_command(const base::config::QubeConfig& config,
                                      const Machine& machine);

// A machine without disk or network whose initrd prints `probe_marker` and ends.
std::vector<std::string> probe_command(const Machine& machine);
inline constexpr std::string_view probe_marker = "sallyport-probe-ok";

// A value inside one of QEMU's comma-separated options: a comma is written twice.
std::string option_value(std::string_view value);
// One word for a shell-like splitter, whatever is in it.
std::string shell_word(std::string_view word);

// The id of a device that is plugged at run time: [a-zA-Z][a-zA-Z0-9_-]{0,30}, and not one of the
// machine's own.
bool valid_plug_id(std::string_view id);
// Emulated devices that need nothing else, by QEMU's names. usb-host and usb-redir are not among
// them: a real device has to come through a controller.
bool valid_plug_driver(std::string_view driver);
std::string known_plug_drivers();

}  // namespace sysusb
