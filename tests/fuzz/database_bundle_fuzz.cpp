// SPDX-License-Identifier: GPL-2.0-or-later
// Bundles of signatures from anybody, and those of a signer who has lost his mind.
//
// Byte 0: whether what follows is a bundle, or a manifest (its size in two bytes first) and content
// that are signed here. Byte 1: how large the pieces are in which it comes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "base/hash/sha256.hpp"
#include "scanner-qube/database/io/bundle_reader.hpp"
#include "scanner-qube/database/io/manifest_text.hpp"

namespace {

namespace db = scannerqube::database;
using db::io::BundleReader;

const base::sign::KeyPair& signer() {
  static const auto key =
      base::sign::KeyPair::parse("sallyport-ed25519-secret " + std::string(64, '7'));
  return *key;
}

std::string signed_bundle(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  const std::uint16_t size = in.u16();
  const auto rest = in.rest();
  const std::string text(base::wire::as_text(rest.first(std::min<std::size_t>(size, rest.size()))));
  std::vector<std::byte> header;
  db::encode_bundle_header(
      {.manifest_size = static_cast<std::uint32_t>(text.size()),
       .signature = signer().sign(base::sign::Purpose::database_manifest, text)},
      header);
  return std::string(base::wire::as_text(header)) + text +
         std::string(base::wire::as_text(rest.subspan(text.size())));
}

// What came out is what was signed.
class Check {
 public:
  void take(const BundleReader& reader, const BundleReader::Step& step) {
    switch (step.kind) {
      case BundleReader::Step::Kind::hungry:
        break;
      case BundleReader::Step::Kind::opened:
        if (db::io::encode(reader.manifest()) != reader.manifest_text()) std::abort();
        if (!db::check(reader.manifest())) std::abort();
        break;
      case BundleReader::Step::Kind::content:
        if (step.bytes.empty()) std::abort();
        content_ += base::wire::as_text(step.bytes);
        break;
      case BundleReader::Step::Kind::closed:
        close(reader.manifest(), step.file);
        break;
    }
  }
  std::size_t bytes() const { return bytes_; }

 private:
  void close(const db::Manifest& manifest, std::size_t file) {
    const bool test = file >= manifest.files.size();
    const std::size_t at = test ? file - manifest.files.size() : file;
    const auto& sha256 = test ? manifest.self_tests.at(at).sha256 : manifest.files[at].sha256;
    if (base::hash::Sha256()({base::wire::as_bytes(content_)}) != sha256) std::abort();
    bytes_ += content_.size();
    content_.clear();
  }

  std::string content_;
  std::size_t bytes_ = 0;
};

void read(std::string_view bundle, std::size_t piece) {
  BundleReader reader(signer().public_key());
  Check check;
  for (std::size_t at = 0; at < bundle.size(); at += piece) {
    auto rest = base::wire::as_bytes(bundle.substr(at, piece));
    for (;;) {
      const auto step = reader.next(rest);
      if (!step) {
        if (reader.finish()) std::abort();
        return;
      }
      if (step->kind == BundleReader::Step::Kind::hungry) break;
      check.take(reader, *step);
    }
  }
  if (!reader.finish()) return;
  if (reader.head().size() + check.bytes() != bundle.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto untrusted = std::as_bytes(std::span(data, size));
  if (untrusted.size() < 2) return 0;
  const bool ours = std::to_integer<unsigned>(untrusted[0]) % 2 == 1;
  const std::size_t piece = std::size_t{1} + std::to_integer<unsigned>(untrusted[1]);
  const auto rest = untrusted.subspan(2);
  if (ours) {
    read(signed_bundle(rest), piece);
  } else {
    read(base::wire::as_text(rest), piece);
  }
  return 0;
}
