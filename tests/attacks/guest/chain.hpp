// SPDX-License-Identifier: GPL-2.0-or-later
// The real chain around one device: emulator, sys-usb's kernel, backend, relay, frontend, the
// target's kernel; or without the first three, a backend that lies.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "tests/attacks/attack.hpp"
#include "tests/attacks/guest/process.hpp"
#include "tests/attacks/guest/relay.hpp"
#include "tests/attacks/guest/side.hpp"

namespace attacks {

// Where the programs of the project are, and where logs may go.
struct Places {
  std::filesystem::path programs;
  std::filesystem::path logs;
};

class Chain {
 public:
  explicit Chain(Places places) : places_(std::move(places)) {}

  // The device in sys-usb. False: its kernel did not make a device of it in time.
  base::Result<bool> plug(const Device& device, unsigned port);
  // A backend for it, or one that lies.
  base::Status start_backend(const std::string& options);
  base::Status start_hostile(const Device& device, const std::vector<Lie>& lies);
  // The device behind Qubes' own wire, as a sys-usb that was taken over may have it.
  base::Status start_usbip(const Device& device);
  base::Status start_frontend(const std::string& identity, const std::string& options);
  // Moves bytes for a moment. False once either end has closed the stream.
  bool turn(std::chrono::milliseconds most) { return relay_->turn(most); }
  const Relay& relay() const { return *relay_; }

  bool attached();
  std::optional<Process::Ended> frontend_ended();
  // Everything in the order of a detach: frontend, device, backend. A text for each that did not
  // end by itself.
  std::vector<std::string> end();

  std::string frontend_words() const;
  std::string backend_words() const;
  const std::filesystem::path& source_device() const { return source_; }
  // After end().
  long frontend_memory_kib() const { return frontend_memory_; }
  long backend_memory_kib() const { return backend_memory_; }
  // Our end of the backend's stream, instead of a frontend.
  base::io::Fd take_backend_stream() { return std::move(backend_end_); }
  std::optional<Process>& backend() { return backend_; }
  void unplug();

 private:
  base::Status start_instead(const std::function<void(base::io::Fd)>& serve);

  Places places_;
  std::optional<Process> emulator_, backend_, frontend_;
  base::io::Fd backend_end_;  // until the frontend is there
  base::io::Fd stdout_;       // of the frontend
  std::optional<Relay> relay_;
  std::filesystem::path source_;
  bool attached_ = false;
  bool hostile_ = false;
  bool usbip_ = false;
  long frontend_memory_ = 0, backend_memory_ = 0;
};

}  // namespace attacks
