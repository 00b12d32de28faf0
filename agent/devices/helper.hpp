// SPDX-License-Identifier: GPL-2.0-or-later
// Root's device helper: opens device nodes and writes vhci's sysfs files for programs that may not.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <vector>

#include "agent/devices/loans.hpp"
#include "agent/devices/nbd_control.hpp"
#include "agent/devices/nbd_links.hpp"
#include "agent/devices/nbd_progress.hpp"
#include "agent/devices/request.hpp"
#include "base/io/fd.hpp"
#include "base/io/pass_fd.hpp"
#include "base/wire/result.hpp"

namespace agent::devices {

enum class Right { denied, allowed };

struct HelperConfig {
  Right usb = Right::denied;
  Right vhci = Right::denied;
  Right input = Right::denied;
  Right block = Right::denied;
  Right nbd = Right::denied;
  std::optional<gid_t> group;  // peers of this group besides root
  std::filesystem::path dev = "/dev/bus/usb";
  std::filesystem::path input_folder = "/dev/input";
  std::filesystem::path block_dev = "/dev";
  std::filesystem::path block_numbers = "/sys/dev/block";  // links named MAJOR:MINOR
  std::filesystem::path nbd_dev = "/dev";
  std::filesystem::path nbd_sysfs = "/sys/devices/virtual/block";
  std::filesystem::path vhci_folder = "/sys/devices/platform/vhci_hcd.0";
  GiveBack give_back = bind_drivers;
};

inline constexpr std::size_t max_clients = 8;  // besides those that have a device
inline constexpr std::chrono::seconds max_silence{10};
inline constexpr unsigned nbd_read_ahead_kib = 2048;
inline constexpr unsigned nbd_request_kib = 1024;
inline constexpr std::size_t max_nbd = 16;  // devices attached at a time

// One thread, never blocking on a client: a request is one message, and a client that does not take
// its answer, sends anything that is no request, or says nothing for max_silence is closed. One
// that has a device may stay silent: the end of its connection is the end of the loan, and
// the kernel's drivers get the device back.
class Helper {
 public:
  // `nbd`: open, if the right is given.
  Helper(HelperConfig config, base::io::Fd listener, std::optional<NbdControl> nbd = std::nullopt)
      : config_(std::move(config)),
        listener_(std::move(listener)),
        nbd_(std::move(nbd)),
        loans_(config_.dev, config_.give_back) {}

  // Waits at most `limit` and serves what is there. An error is the end of the helper.
  base::Status turn(std::chrono::milliseconds limit);

 private:
  using Clock = std::chrono::steady_clock;
  struct Client {
    base::io::Fd socket;
    Clock::time_point heard;
    std::optional<Node> borrowed;
    std::optional<NbdLinks> attached = {};  // a device of nbd
    NbdProgress progress = {};              // of it
    bool told = false;                      // that its server hangs
    bool silent_for_good() const { return borrowed || attached; }
  };

  bool has_place() const;
  void accept_client();
  void serve_clients(const std::vector<pollfd>& fds, Clock::time_point now);
  // Whether the client stays.
  bool serve(Client& client);
  // 0 or a negated errno; what was opened is put into `opened`.
  int perform(const Request& request, const std::vector<base::io::Fd>& fds, Client& client,
              base::io::Fd& opened);
  int open_usb(const Request& request, Client& client, base::io::Fd& opened);
  int open_input(const Request& request, base::io::Fd& opened) const;
  int open_block(const Request& request, base::io::Fd& opened) const;
  int nbd_attach(const NbdRequest& request, const std::vector<base::io::Fd>& sockets,
                 Client& client);
  void end_loans(Client& client, Clock::time_point now);
  // New partitions of what is attached; and its client is told, once, when the server hangs.
  void look_after(Client& client, Clock::time_point now);
  Right right_of(Operation operation) const;
  int vhci_attach(const Request& request, const base::io::Fd& stream) const;
  int vhci_detach(const Request& request) const;
  int write_vhci(const char* name, const std::string& line) const;

  HelperConfig config_;
  base::io::Fd listener_;
  std::vector<Client> clients_;
  std::optional<NbdControl> nbd_;
  Clock::time_point partitions_until_ = {};  // until then new partitions are looked for often
  Loans loans_;
};

// What the helper needs from now on, and nothing else. Call it after the listener exists.
base::Status enter_helper_sandbox(const HelperConfig& config);

}  // namespace agent::devices
