// SPDX-License-Identifier: GPL-2.0-or-later
// A medium that fails, changes, hangs or kills at chosen reads. Its count of reads is shared by all
// processes that the scan starts.
#pragma once

#include <atomic>
#include <functional>

#include "scanner-qube/volume/io/file_source.hpp"

namespace tests::hostile {

class LyingSource final : public scannerqube::volume::ForkableSource {
 public:
  enum class Act { honest, error, other_bytes, hang, kill };
  // Of the `number`th read of all processes, from 0, at these bytes.
  using Script = std::function<Act(std::uint64_t number, scannerqube::volume::Range where)>;

  LyingSource(const std::string& image, Script script);
  ~LyingSource() override;
  std::uint64_t size() const override { return file_->size(); }
  base::Result<std::size_t, scannerqube::volume::ReadError> read(
      std::uint64_t offset, std::span<std::byte> out) const override;
  std::vector<int> fds() const override { return file_->fds(); }
  std::vector<std::string> syscalls() const override {
    return {"pread64", "getpid", "kill"};  // it kills itself
  }
  std::uint64_t reads() const { return shared_->load(); }

 private:
  std::unique_ptr<scannerqube::volume::FileSource> file_;
  Script script_;
  // The scanner itself only copies what a file's content is: it is lied to by errors alone. That
  // the content is what is released afterwards, the snapshot sees to.
  pid_t scanner_;
  std::atomic<std::uint64_t>* shared_;  // in memory that forks share
};

}  // namespace tests::hostile
