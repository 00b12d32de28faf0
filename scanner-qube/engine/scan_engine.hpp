// SPDX-License-Identifier: GPL-2.0-or-later
// What looks into a file. libclamav 1.4 is one (io/clamav_engine.hpp); another is a second adapter.
#pragma once

#include <string>

#include "base/wire/reader.hpp"
#include "scanner-qube/engine/file_result.hpp"

namespace scannerqube {

struct EngineInfo {
  std::string name;              // "ClamAV 1.4.6"
  std::uint32_t signatures = 0;  // of all databases
  std::string settings = {};     // all that its verdicts depend on besides, as one line
};

class ScanEngine {
 public:
  ScanEngine() = default;
  ScanEngine(const ScanEngine&) = delete;
  ScanEngine& operator=(const ScanEngine&) = delete;
  virtual ~ScanEngine() = default;

  virtual EngineInfo info() const = 0;
  // Where it may unpack from now on: each process has a folder of its own.
  virtual void use_folder(const std::string& folder) = 0;
  // Never fails: what could not be looked into is in the result. `name`: a hint for the engine, its
  // last part at most, never a path that is opened. May crash or hang: it belongs into a process
  // that may.
  virtual FileResult scan(base::wire::Bytes untrusted, const std::string& name) = 0;
};

}  // namespace scannerqube
