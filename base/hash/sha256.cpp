// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash/sha256.hpp"

#include <openssl/evp.h>

#include <cstdlib>

namespace base::hash {

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

// libcrypto fails here only without memory or without SHA-256: nothing could go on.
Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
}

Digest Sha256::operator()(std::initializer_list<wire::Bytes> parts) {
  begin();
  for (const auto part : parts) add(part);
  return end();
}

// Without a type the context keeps the one it has, and nothing is looked up.
void Sha256::begin() {
  if (EVP_DigestInit_ex(context_.get(), nullptr, nullptr) != 1) std::abort();
}

void Sha256::add(wire::Bytes part) {
  if (EVP_DigestUpdate(context_.get(), part.data(), part.size()) != 1) std::abort();
}

Digest Sha256::end() {
  Digest digest{};
  // By way of void: the library's byte is another type.
  auto* out = static_cast<unsigned char*>(static_cast<void*>(digest.data()));
  if (EVP_DigestFinal_ex(context_.get(), out, nullptr) != 1) std::abort();
  begin();
  return digest;
}

}  // namespace base::hash
