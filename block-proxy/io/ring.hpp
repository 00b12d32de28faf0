// SPDX-License-Identifier: GPL-2.0-or-later
// Reads that wait for the medium, many at a time, on io_uring.
#pragma once

#include <liburing.h>

#include <memory>
#include <span>
#include <vector>

#include "base/io/fd.hpp"
#include "block-proxy/nbd/server_session.hpp"

namespace blockproxy::io {

// Owns the ring and a fixed set of buffers. The ring can read that one file and do nothing else:
// the kernel is told so before the first read (io_uring_register_restrictions).
class Ring {
 public:
  static constexpr unsigned max_reads = 64;          // under way at once
  static constexpr std::size_t max_read = 64 << 10;  // bytes of one of them

  // Null where the kernel has no io_uring, or forbids it. `medium` is borrowed.
  static std::unique_ptr<Ring> open(const base::io::Fd& medium);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  unsigned under_way() const { return under_way_; }
  bool full() const { return free_.empty(); }
  // Ready to read when a read is done.
  int fd() const { return ring_.ring_fd; }

  // Not when full. The request is a read of at most max_read bytes.
  void start(const nbd::Request& request);
  base::Status submit();

  struct Done {
    nbd::Request request;
    int result = 0;               // bytes, or minus errno
    std::span<std::byte> buffer;  // of the request's length; until release()
    unsigned slot = 0;
  };
  enum class Wait { no, yes };
  // The next read that is done; false if there is none (yet).
  bool next(Wait wait, Done& done);
  void release(const Done& done);

 private:
  Ring() = default;

  io_uring ring_{};
  bool open_ = false;
  unsigned under_way_ = 0;
  std::vector<nbd::Request> requests_;
  std::vector<unsigned> free_;
  // Not a vector: pages that no read has needed are never touched.
  std::unique_ptr<std::byte[]> buffers_;  // NOLINT(modernize-avoid-c-arrays)
};

}  // namespace blockproxy::io
