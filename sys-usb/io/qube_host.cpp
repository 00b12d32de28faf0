// SPDX-License-Identifier: GPL-2.0-or-later
#include "sys-usb/io/qube_host.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "base/device/io/host_input.hpp"

namespace sysusb::io {
namespace {

namespace fs = std::filesystem;

bool executable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

std::string remedy_for(const std::string& name) {
  return name.find("qemu") != std::string::npos ? "install qemu-system-x86"
                                                : "build and install Sallyport";
}

base::Status give_group(const std::string& device,
                        const std::optional<base::io::Identity>& identity) {
  if (identity && ::chown(device.c_str(), identity->uid, identity->gid) != 0) {
    return base::io::fail_errno("give " + device + " to the qube's user", "start it as root");
  }
  if (!identity && ::access(device.c_str(), R_OK | W_OK) != 0) {
    return base::io::fail_errno("use " + device, "not enough rights: start the qube as root");
  }
  return base::Ok{};
}

// While they are this host's its keyboards are seen: the last moment to warn.
std::string keyboard_warning(const std::vector<std::string>& controllers,
                             const std::string& sysfs) {
  const auto keyboards = base::device::io::read_host_input(sysfs).keyboards;
  const auto* last = base::device::last_keyboard_on(controllers, keyboards);
  if (last == nullptr) return {};
  return "the last keyboard of this host would go with it (" + base::device::describe(*last) +
         "): see sallyport doctor, and keep another one, before you do what follows; ";
}

base::Status prepare_controller(const std::string& address, const std::vector<std::string>& all,
                                const std::optional<base::io::Identity>& identity,
                                const std::string& sysfs) {
  const fs::path device = fs::path(sysfs) / "bus/pci/devices" / address;
  std::error_code error;
  if (!fs::exists(device, error)) {
    return base::fail("controller " + address + ": no such PCI device; see lspci -D");
  }
  const fs::path group = fs::read_symlink(device / "iommu_group", error).filename();
  if (error) {
    return base::fail("controller " + address +
                      ": it has no IOMMU group; switch the IOMMU on in the firmware and with "
                      "intel_iommu=on on the kernel's command line");
  }
  const fs::path driver = fs::read_symlink(device / "driver", error).filename();
  if (error || driver != "vfio-pci") {
    return base::fail("controller " + address + ": its driver is " +
                      (error ? "none" : driver.string()) + ", not vfio-pci; " +
                      keyboard_warning(all, sysfs) + "run: modprobe vfio-pci; echo vfio-pci > " +
                      (device / "driver_override").string() + "; unbind it; echo " + address +
                      " > " + sysfs + "/bus/pci/drivers_probe");
  }
  return give_group("/dev/vfio/" + group.string(), identity);
}

}  // namespace

base::Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (executable(name)) return fs::absolute(name).string();
    return base::fail("no program " + name + "; " + remedy_for(name));
  }
  const char* const path = std::getenv("PATH");
  std::string_view left = path != nullptr ? path : "/usr/bin:/bin";
  while (!left.empty()) {
    const std::string_view folder = left.substr(0, left.find(':'));
    left.remove_prefix(std::min(left.size(), folder.size() + 1));
    if (folder.starts_with('/') && executable(fs::path(folder) / name)) {
      return (fs::path(folder) / name).string();
    }
  }
  return base::fail("no program " + name + " in PATH; " + remedy_for(name));
}

base::Result<std::string> find_dialer(const std::string& given) {
  if (!given.empty()) return find_program(given);
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const fs::path& folder :
       {here, here / "../libexec/sallyport", fs::path("/usr/libexec/sallyport")}) {
    if (executable(folder / "sallyport-dial")) return (folder / "sallyport-dial").string();
  }
  return base::fail("no program sallyport-dial beside this one or in /usr/libexec/sallyport; " +
                    remedy_for("sallyport-dial"));
}

base::Status check_image(const ImageFiles& image, const std::string& name) {
  for (const std::string& file : {image.kernel, image.initrd, image.root}) {
    if (::access(file.c_str(), R_OK) == 0) continue;
    return base::io::fail_errno(
        "read the image " + file,
        "build it: sys-usb/image/build " + name + " --build-dir DIR --out " +
            fs::path(file).parent_path().string() + ", or say where it is with --images");
  }
  return base::Ok{};
}

base::Result<base::io::Fd> open_vhost_vsock(const base::config::QubeConfig& config) {
  base::io::Fd fd(::open("/dev/vhost-vsock", O_RDWR | O_CLOEXEC));
  if (fd) return fd;
  if (errno == EACCES) {
    return base::io::fail_errno("open /dev/vhost-vsock", "start the qube as root");
  }
  return base::io::fail_errno("open /dev/vhost-vsock for qube " + config.name,
                              "vsock is not available on this host: run modprobe vhost_vsock, or "
                              "say transport = unix in the qube's file");
}

base::Status prepare_controllers(const base::config::QubeConfig& config,
                                 const std::optional<base::io::Identity>& identity,
                                 const std::string& sysfs) {
  for (const std::string& controller : config.controllers) {
    if (controller == "emulated") continue;
    if (auto ready = prepare_controller(controller, config.controllers, identity, sysfs); !ready)
      return ready;
  }
  return base::Ok{};
}

}  // namespace sysusb::io
