// SPDX-License-Identifier: GPL-2.0-or-later
// Tells which of this qube's block devices others may be given, and when that changes.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/wire/result.hpp"
#include "sys-usb/block_rules.hpp"

namespace sysusb {

// Looks when udevd, or without it the kernel, says that a block device came, went or changed, and
// when something is mounted, unmounted, or becomes swap space or is none any more.
//
// Of a removable medium the kernel says so only where it asks the drive: events_poll_msecs of the
// device or of module `block` must not be 0 (udev sets 2000), and only an open() of the node makes
// it read the new size: udev's rules do that, without udevd nobody does.
//
// Callbacks run on the io_context, never from start() or set_attached(); none runs after the
// destructor.
class BlockWatcher {
 public:
  struct Handlers {
    // Another device under a name that is known is first removed, then added.
    std::function<void(const BlockRecord&)> added;
    // Same device; also told for another medium that looks the same.
    std::function<void(const BlockRecord&)> changed;
    std::function<void(const std::string& port_id)> removed;
    // Called once, when every device that was there at start() has been reported.
    std::function<void()> complete;
    // Why a device is not reported: at its first look, and when the reason changes. The name is
    // the kernel's. May be empty.
    std::function<void(const std::string& name, Hidden reason)> hidden;
    // What could not be read, so that no device is reported until it can. May be empty.
    std::function<void(const std::string& problem)> blind;
  };

  BlockWatcher(boost::asio::io_context& io, Handlers handlers);
  ~BlockWatcher();
  BlockWatcher(const BlockWatcher&) = delete;
  BlockWatcher& operator=(const BlockWatcher&) = delete;

  base::Status start();
  // Port ids of what is being served now: their disks and partitions are hidden meanwhile.
  void set_attached(std::set<std::string> port_ids);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace sysusb
