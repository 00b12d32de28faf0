// SPDX-License-Identifier: GPL-2.0-or-later
// The process between a backend's stream and a QEMU: it has those two sockets and nothing else.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/io/fd.hpp"
#include "usbproxy/device_table.hpp"
#include "usbproxy/firewall/rights.hpp"

namespace usbproxy::io {

struct FirewallTask {
  base::io::Fd stream;  // to the backend, before its header
  base::io::Fd guest;   // to QEMU
  std::optional<Identity> identity;
  firewall::Rights rights;
};

// The child that does it, and what its parent has to do with it: once it knows the device it asks
// to be plugged in; that granted, it works until the end and says on stderr why.
class Firewall {
 public:
  // Forks. The child ends with the parent, holds `dev_null` for its stdin and stdout, enters its
  // sandbox and reads nothing of the backend's before.
  static base::Result<Firewall> start(FirewallTask task, const base::io::Fd& dev_null);

  pid_t pid() const { return pid_; }
  // Readable when it asks, or has ended.
  const base::io::Fd& control() const { return control_; }
  // True: it asks to be plugged in. False: it has ended, or says what it may not.
  bool asks() const;
  base::Status grant() const;
  // Without a grant it ends by itself, without a word.
  void refuse() { control_.reset(); }
  // Waits for it, and kills it if it does not end within some seconds of its own will. Its exit
  // code; 128 and more: the signal that killed it.
  int wait() const;

 private:
  Firewall(pid_t pid, base::io::Fd control) : pid_(pid), control_(std::move(control)) {}

  pid_t pid_;
  base::io::Fd control_;
};

}  // namespace usbproxy::io
