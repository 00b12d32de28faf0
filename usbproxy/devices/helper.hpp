// SPDX-License-Identifier: GPL-2.0-or-later
// Root's device helper: opens device nodes and writes vhci's sysfs files for programs that may not.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/io/fd.hpp"
#include "base/io/pass_fd.hpp"
#include "base/wire/result.hpp"
#include "usbproxy/devices/loans.hpp"
#include "usbproxy/devices/request.hpp"

namespace usbproxy::devices {

enum class Right { denied, allowed };

struct HelperConfig {
  Right usb = Right::denied;
  Right vhci = Right::denied;
  std::optional<gid_t> group;  // peers of this group besides root
  std::filesystem::path dev = "/dev/bus/usb";
  std::filesystem::path vhci_folder = "/sys/devices/platform/vhci_hcd.0";
  GiveBack give_back = bind_drivers;
};

inline constexpr std::size_t max_clients = 8;  // besides those that have a device
inline constexpr std::chrono::seconds max_silence{10};

// One thread, never blocking on a client: a request is one message, and a client that does not take
// its answer, sends anything that is no request, or says nothing for max_silence is closed. One
// that has opened a device may stay silent: the end of its connection is the end of the loan, and
// the kernel's drivers get the device back.
class Helper {
 public:
  Helper(HelperConfig config, base::io::Fd listener)
      : config_(std::move(config)),
        listener_(std::move(listener)),
        loans_(config_.dev, config_.give_back) {}

  // Waits at most `limit` and serves what is there. An error is the end of the helper.
  base::Status turn(std::chrono::milliseconds limit);

 private:
  using Clock = std::chrono::steady_clock;
  struct Client {
    base::io::Fd socket;
    Clock::time_point heard;
    std::optional<Node> borrowed;
  };

  bool has_place() const;
  void accept_client();
  void serve_clients(const std::vector<pollfd>& fds, Clock::time_point now);
  // Whether the client stays.
  bool serve(Client& client);
  // 0 or a negated errno; open_usb puts its fd into `opened`.
  int perform(const Request& request, const std::vector<base::io::Fd>& fds, Client& client,
              base::io::Fd& opened);
  int open_usb(const Request& request, Client& client, base::io::Fd& opened);
  int vhci_attach(const Request& request, const base::io::Fd& stream) const;
  int vhci_detach(const Request& request) const;
  int write_vhci(const char* name, const std::string& line) const;

  HelperConfig config_;
  base::io::Fd listener_;
  std::vector<Client> clients_;
  Loans loans_;
};

// What the helper needs from now on, and nothing else. Call it after the listener exists.
base::Status enter_helper_sandbox(const HelperConfig& config);

}  // namespace usbproxy::devices
