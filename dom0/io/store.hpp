// SPDX-License-Identifier: GPL-2.0-or-later
// dom0's state on disk: assignments, denied interfaces, the devices seen, the input devices that
// were proven or stopped. One SQLite file.
//
// Every call that changes something has it on disk when it returns Ok (write-ahead log, synced), so
// what was acknowledged survives a kill at any moment. Opened before the sandbox is entered, and
// locked: a second daemon on the same file is refused.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/wire/result.hpp"
#include "dom0/assignment.hpp"
#include "dom0/device_history.hpp"
#include "dom0/held_devices.hpp"
#include "dom0/input_trust.hpp"

struct sqlite3;

namespace dom0::io {

class Store {
 public:
  // Makes the file if there is none. A file of a newer version, or a damaged one, is an error: what
  // somebody assigned or denied is not to be forgotten without a word.
  static base::Result<Store> open(const std::filesystem::path& file);

  base::Result<std::vector<Assignment>> assignments() const;
  // Adds it or replaces the one of that qube and reference.
  base::Status put(const Assignment& assignment);
  base::Status remove(const Assignment& assignment);

  base::Result<std::map<std::string, std::string>> denied() const;  // interface codes, by qube
  base::Status put_denied(const std::string& qube, const std::string& interfaces);

  base::Result<std::vector<HeldDevice>> held() const;
  base::Status put_held(const std::vector<HeldDevice>& held);  // instead of what was there

  base::Result<std::vector<SeenDevice>> devices() const;
  base::Status put_devices(const DeviceHistory::Changes& changes);  // all of it or nothing

  base::Status inputs(InputTrust& trust) const;                 // restores it
  base::Status put_inputs(const InputTrust::Changes& changes);  // all of it or nothing

 private:
  struct Close {
    void operator()(sqlite3* database) const noexcept;
  };
  explicit Store(std::unique_ptr<sqlite3, Close> database) : database_(std::move(database)) {}

  base::Status execute(const char* sql) const;
  base::Status prepare_file();
  // All of it or nothing.
  base::Status transaction(const std::function<base::Status()>& write);

  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace dom0::io
