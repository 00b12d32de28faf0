// SPDX-License-Identifier: GPL-2.0-or-later
#include "block-proxy/io/ring.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace blockproxy::io {
namespace {

// Declared in liburing 2.3's header, but Debian 12's library does not export the two calls.
long tell(int ring, unsigned what, const void* arguments, std::size_t count) {
  return ::syscall(SYS_io_uring_register, ring, what, arguments, static_cast<unsigned>(count));
}

}  // namespace

std::unique_ptr<Ring> Ring::open(const base::io::Fd& medium) {
  std::unique_ptr<Ring> made(new Ring());  // NOLINT: the constructor is private
  if (::io_uring_queue_init(max_reads, &made->ring_, IORING_SETUP_R_DISABLED) != 0) return nullptr;
  made->open_ = true;
  const int file = medium.get();
  if (::io_uring_register_files(&made->ring_, &file, 1) != 0) return nullptr;
  std::array<io_uring_restriction, 2> only{};
  only[0].opcode = IORING_RESTRICTION_SQE_OP;
  only[0].sqe_op = IORING_OP_READ;
  only[1].opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED;
  only[1].sqe_flags = IOSQE_FIXED_FILE;
  if (tell(made->ring_.ring_fd, IORING_REGISTER_RESTRICTIONS, only.data(), only.size()) != 0 ||
      tell(made->ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) != 0) {
    return nullptr;
  }

  made->requests_.resize(max_reads);
  made->buffers_.reset(new std::byte[max_reads * max_read]);  // NOLINT: uninitialised on purpose
  for (unsigned slot = max_reads; slot > 0; --slot) made->free_.push_back(slot - 1);
  return made;
}

Ring::~Ring() {
  if (open_) ::io_uring_queue_exit(&ring_);
}

void Ring::start(const nbd::Request& request) {
  const unsigned slot = free_.back();
  free_.pop_back();
  requests_[slot] = request;
  // As many entries as slots: there is always one.
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
  ::io_uring_prep_read(entry, 0, &buffers_[slot * max_read], request.length, request.offset);
  ::io_uring_sqe_set_flags(entry, IOSQE_FIXED_FILE);
  ::io_uring_sqe_set_data64(entry, slot);
  ++under_way_;
}

base::Status Ring::submit() {
  for (;;) {
    const int done = ::io_uring_submit(&ring_);
    if (done >= 0) return base::Ok{};
    if (done != -EINTR && done != -EAGAIN) {
      return base::Unexpected{base::io::system_error("io_uring submit", -done)};
    }
  }
}

bool Ring::next(Wait wait, Done& done) {
  io_uring_cqe* completion = nullptr;
  int got = ::io_uring_peek_cqe(&ring_, &completion);
  while (wait == Wait::yes && (got == -EAGAIN || got == -EINTR)) {
    got = ::io_uring_wait_cqe(&ring_, &completion);
  }
  if (got != 0 || completion == nullptr) return false;
  const auto slot = static_cast<unsigned>(::io_uring_cqe_get_data64(completion));
  done.request = requests_[slot];
  done.result = completion->res;
  done.slot = slot;
  done.buffer = {&buffers_[slot * max_read], done.request.length};
  ::io_uring_cqe_seen(&ring_, completion);
  return true;
}

void Ring::release(const Done& done) {
  free_.push_back(done.slot);
  --under_way_;
}

}  // namespace blockproxy::io
