// SPDX-License-Identifier: GPL-2.0-or-later
// The medium of a snapshot behind an NBD server, for programs that may wait.
#pragma once

#include <chrono>
#include <deque>
#include <memory>

#include "block-proxy/io/nbd_client.hpp"
#include "block-proxy/snapshot/io/medium.hpp"

namespace blockproxy::io {

// Reads that follow one another are asked for ahead of time. What was read ahead is what is given:
// the medium is asked once for each byte, until somebody reads it again.
class NbdMedium : public snapshot::Medium {
 public:
  static constexpr std::size_t max_ahead = 4;  // reads, each as long as the last one

  // Shakes hands over a connected stream socket; `limit` bounds the wait for each answer.
  static base::Result<std::unique_ptr<NbdMedium>> connect(base::io::Fd stream,
                                                          std::chrono::milliseconds limit);
  ~NbdMedium() override;
  NbdMedium(const NbdMedium&) = delete;
  NbdMedium& operator=(const NbdMedium&) = delete;
  const nbd::Offer& offer() const { return client_.offer(); }
  // What became of the stream, once the medium is gone.
  const std::string& reason() const { return reason_; }

  std::uint64_t size() override { return client_.offer().size; }
  base::Result<std::size_t, snapshot::MediumFault> read(std::uint64_t offset,
                                                        std::span<std::byte> out) override;
  base::Result<base::Ok, snapshot::MediumFault> write(std::uint64_t offset,
                                                      base::wire::Bytes data) override;
  base::Result<base::Ok, snapshot::MediumFault> flush() override;

 private:
  using Fault = snapshot::MediumFault;
  struct Read {
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
    std::size_t taken = 0;  // of `bytes`
    bool done = false;
    std::uint64_t place() const { return offset + taken; }
    std::uint64_t end() const { return offset + bytes.size(); }
    nbd::WireError error = nbd::WireError::none;
  };

  NbdMedium(NbdClient client, std::chrono::milliseconds limit)
      : client_(std::move(client)), limit_(limit) {}
  void read_ahead(std::uint64_t offset, std::size_t length, std::size_t reads);
  base::Result<base::Ok, Fault> run_until(const bool& done);
  base::Result<base::Ok, Fault> ask_and_wait(
      const std::function<base::Status(NbdClient::OnDone)>& ask);
  Fault gone(const std::string& why);

  NbdClient client_;
  std::chrono::milliseconds limit_;
  std::string reason_;
  bool late_ = false;
  std::uint64_t next_ = 0;  // where a read follows the one before
  std::deque<std::unique_ptr<Read>> ahead_;
};

}  // namespace blockproxy::io
