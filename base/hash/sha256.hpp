// SPDX-License-Identifier: GPL-2.0-or-later
// SHA-256, the hash of snapshots and scanned files: with the processor's SHA instructions it is 1.7
// times as fast as libsodium's BLAKE2b (block-proxy/snapshot/README.md), and everybody has a tool
// that computes it.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>

#include "base/hash/digest.hpp"

struct evp_md_ctx_st;

namespace base::hash {

// Owns libcrypto's state so that a hash allocates nothing. Values in, values out.
class Sha256 {
 public:
  Sha256();
  // The hash of the parts one after another.
  Digest operator()(std::initializer_list<wire::Bytes> parts);
  // The same where the parts come one by one. end() is of all since begin(), and begins anew.
  void begin();
  void add(wire::Bytes part);
  Digest end();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace base::hash
