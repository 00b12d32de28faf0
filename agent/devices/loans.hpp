// SPDX-License-Identifier: GPL-2.0-or-later
// Devices that the helper has opened for somebody, and their way back to the kernel's drivers.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

namespace agent::devices {

// "002/007" below /dev/bus/usb.
struct Node {
  std::uint32_t bus = 0;
  std::uint32_t device = 0;
  friend bool operator==(const Node&, const Node&) = default;
};
std::string node_name(const Node& node);

// How an attempt to give a device back ended. `held`: a dying process has not let go of it yet.
enum class GivenBack { yes, held };
using GiveBack = std::function<GivenBack(const std::filesystem::path& node)>;

// Binds the kernel's drivers to every interface that has none. Interfaces that another process has
// claimed stay as they are; a device that is gone needs nothing.
GivenBack bind_drivers(const std::filesystem::path& node);

// A borrower that closes its device gives it back itself. One that is killed does not: then the
// device would have no driver until somebody borrows it again.
class Loans {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t max_loans = 64;
  static constexpr std::chrono::milliseconds retry{50};
  static constexpr std::chrono::seconds patience{10};

  Loans(std::filesystem::path dev, GiveBack give_back)
      : dev_(std::move(dev)), give_back_(std::move(give_back)) {}

  bool full() const { return lent_.size() >= max_loans; }
  void lend(const Node& node);
  // The borrower is gone.
  void end(const Node& node, Clock::time_point now);
  // Tries what has ended. Whether something is left to be tried after `retry`.
  bool turn(Clock::time_point now);

 private:
  struct Ended {
    Node node;
    Clock::time_point deadline;
  };

  std::filesystem::path dev_;
  GiveBack give_back_;
  std::vector<Node> lent_;
  std::vector<Ended> ended_;  // none of them is lent; each once
};

}  // namespace agent::devices
