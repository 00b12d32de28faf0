// SPDX-License-Identifier: GPL-2.0-or-later
// All that a scanner qube may say in its life, in the order in which it may say it.
//
// Pure.
#pragma once

#include <optional>

#include "scanner-qube/qube/message.hpp"

namespace scannerqube {

inline constexpr std::size_t max_report_bytes = std::size_t{16} << 20U;
inline constexpr std::size_t max_files_bytes = std::size_t{128} << 20U;
inline constexpr std::uint32_t max_progress = 100'000;

// ready, then once ordered: progress and chunks, done. A failure ends it at any time. The qube is
// taken for one that belongs to the medium: what is not in order, or more than can be, ends it too.
class Answer {
 public:
  enum class State : std::uint8_t { starting, ready, scanning, done, failed };

  // Bytes from the port; looks at all messages in them. After an end they are not looked at.
  void push(base::wire::Bytes untrusted);
  // The order was sent.
  void ordered();
  // It is over, whatever it would still have said.
  void fail(std::string_view why);

  State state() const { return state_; }
  const Ready& engine() const { return ready_; }
  const ScanProgress& progress() const { return progress_; }
  const std::string& failure() const { return failure_; }
  // Complete once done.
  const std::vector<std::byte>& report() const { return report_; }
  const std::vector<std::byte>& files() const { return files_; }

 private:
  void take(FromQube message);
  void take_chunk(const Chunk& chunk);

  base::wire::FrameDecoder frames_;
  State state_ = State::starting;
  Ready ready_;
  ScanProgress progress_;
  std::uint32_t told_progress_ = 0;
  std::vector<std::byte> report_;
  std::vector<std::byte> files_;
  std::string failure_;
};

}  // namespace scannerqube
