// SPDX-License-Identifier: GPL-2.0-or-later
// A bundle as it comes, piece by piece: nothing of it is used before who signed it is known.
#pragma once

#include <cstdint>
#include <string>

#include "base/hash/sha256.hpp"
#include "base/sign/ed25519.hpp"
#include "scanner-qube/database/bundle_header.hpp"
#include "scanner-qube/database/manifest.hpp"

namespace scannerqube::database::io {

// Header and manifest are kept until the signature fits; then the manifest is parsed, and each file
// is measured, hashed and compared while it goes through. Sans-IO: it is in this folder because a
// manifest is JSON.
class BundleReader {
 public:
  explicit BundleReader(const base::sign::PublicKey& key) : key_(key) {}

  struct Step {
    enum class Kind {
      hungry,   // all was taken, and more is to come, or nothing
      opened,   // the signature fits: manifest() is there
      content,  // `bytes` of file number `file`, to be kept until it is closed
      closed,   // file number `file` is whole, and is the one that was signed
    } kind = Kind::hungry;
    std::size_t file = 0;  // first the files of signatures, then the self-test's
    base::wire::Bytes bytes = {};
  };
  // Takes from the front of `untrusted`. After an error there is nothing but that error.
  base::Result<Step> next(base::wire::Bytes& untrusted);
  // The bundle's end: an error if something is missing.
  base::Status finish() const;

  const Manifest& manifest() const { return manifest_; }
  // Header and manifest as they came; the manifest alone.
  std::string_view head() const { return head_; }
  std::string_view manifest_text() const {
    return std::string_view(head_).substr(bundle_header_size);
  }

 private:
  enum class State { header, manifest, between, inside, failed };
  struct File {
    const std::string& name;
    std::uint64_t size;
    const base::hash::Digest& sha256;
    const ContainerFacts* container;
  };

  base::Result<Step> step(base::wire::Bytes& untrusted);
  // Grows head_ to `size`; false: there is not enough yet.
  bool gather(base::wire::Bytes& untrusted, std::size_t size);
  base::Status open();
  Step content(base::wire::Bytes& untrusted);
  base::Status close();
  std::size_t count() const { return manifest_.files.size() + manifest_.self_tests.size(); }
  File file(std::size_t number) const;

  base::sign::PublicKey key_;
  State state_ = State::header;
  std::string why_;
  std::string head_;
  BundleHeader header_;
  Manifest manifest_;
  std::size_t file_ = 0;
  std::uint64_t left_ = 0;
  base::hash::Sha256 hash_;
  std::string beginning_;  // of a container: its header
};

}  // namespace scannerqube::database::io
