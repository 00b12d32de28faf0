// SPDX-License-Identifier: GPL-2.0-or-later
// libclamav 1.4 as a ScanEngine whose "clean" can be believed (every way in which it says so of
// what it has not read is in tests/scanner-qube/clamav_engine_test.cpp).
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "base/wire/result.hpp"
#include "scanner-qube/engine/limits.hpp"
#include "scanner-qube/engine/scan_engine.hpp"

struct cl_engine;

namespace scannerqube::io {

struct ClamavOptions {
  std::vector<std::filesystem::path> databases;  // files or folders
  Limits limits;
  // Where databases are unpacked while they are loaded.
  std::filesystem::path temporary;
};

// One thread. Load it, then fork: its pages are shared.
class ClamavEngine final : public ScanEngine {
 public:
  // Seconds, with a real database. An error names the file.
  static base::Result<std::unique_ptr<ClamavEngine>> load(const ClamavOptions& options);

  // The library's functionality level: what its databases may ask of it.
  static std::uint32_t level();

  EngineInfo info() const override;
  // The engine makes a folder there for each file and removes it.
  void use_folder(const std::string& folder) override;
  FileResult scan(base::wire::Bytes untrusted, const std::string& name) override;

 private:
  struct Free {
    void operator()(cl_engine* engine) const;
  };
  using Engine = std::unique_ptr<cl_engine, Free>;

  ClamavEngine(Engine engine, const Limits& limits, std::uint32_t signatures);
  static base::Status configure(cl_engine& engine, const ClamavOptions& options);
  void look(base::wire::Bytes untrusted, const std::string& name, FileResult& result);

  Engine engine_;
  Limits limits_;
  std::uint32_t signatures_;
};

}  // namespace scannerqube::io
