// SPDX-License-Identifier: GPL-2.0-or-later
// One scanner qube: booted, given a medium, switched off.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/io/fd.hpp"
#include "base/io/paths.hpp"

namespace scannerqube::io {

struct MachineOptions {
  // Of these machines alone: nobody else's registry knows them.
  std::filesystem::path root = "/run/sallyport-scanner";
  std::filesystem::path images = "/usr/lib/sallyport/images";
  std::filesystem::path launcher;  // sallyport-qube; empty: beside this program
  std::filesystem::path database;  // the image with the signatures
  // A real database takes 1.3 GiB, and a volume of LUKS2 one more while it is opened.
  std::uint32_t memory_mib = 3072;
  std::string accelerator = "auto";
};

// No way leads out of it but its port. Calls block; each has a bound of its own.
class ScanMachine {
 public:
  // What a kernel would take for tables of partitions lies outside of this.
  static constexpr std::uint64_t margin = std::uint64_t{1} << 20U;

  // Boots `name`. It has said nothing when this returns: its port tells when it is ready.
  static base::Result<std::unique_ptr<ScanMachine>> start(const MachineOptions& options,
                                                          std::string name);
  ~ScanMachine();
  ScanMachine(const ScanMachine&) = delete;
  ScanMachine& operator=(const ScanMachine&) = delete;

  // Two way, non-blocking; ends when the machine does.
  const base::io::Fd& port() const { return port_; }
  const std::filesystem::path& database() const { return options_.database; }
  // `stream`: of an NBD server whose export is the medium between two margins of zeros.
  base::Status give_medium(const base::io::Fd& stream);

 private:
  ScanMachine(const MachineOptions& options, std::string name);
  base::Status boot();
  base::Status plug();

  const MachineOptions options_;
  const std::string name_;
  const base::io::Paths paths_;
  base::io::Fd port_;
};

// Ends one whose process could not, and forgets it.
base::Status end_machine(const MachineOptions& options, const std::string& name);
// Ends what earlier processes left running below this root.
base::Status end_machines(const MachineOptions& options);

}  // namespace scannerqube::io
