// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/database/bundles.hpp"

#include "base/hash/sha256.hpp"
#include "scanner-qube/database/bundle_header.hpp"
#include "scanner-qube/database/io/manifest_text.hpp"
#include "tests/scanner-qube/samples.hpp"

namespace tests::bundles {

base::hash::Digest sha256(const std::string& content) {
  return base::hash::Sha256()({base::wire::as_bytes(content)});
}

db::DatabaseFile file(const std::string& name, const std::string& content) {
  return {.name = name, .size = content.size(), .sha256 = sha256(content), .container = {}};
}

db::SelfTest test(const std::string& name, const std::string& content) {
  return {.name = name, .size = content.size(), .sha256 = sha256(content), .signature = {}};
}

db::SelfTest test(const std::string& name, const std::string& content,
                  const std::string& signature) {
  db::SelfTest made = test(name, content);
  made.signature = signature;
  return made;
}

std::string container_header(std::uint32_t version, std::int64_t built, std::uint32_t level) {
  std::string text = "ClamAV-VDB:01 Nov 2026 10-00 +0000:" + std::to_string(version) +
                     ":1:" + std::to_string(level) + ":" + std::string(32, 'a') +
                     ":sig:builder:" + std::to_string(built);
  text.resize(db::container_header_size, ' ');
  return text;
}

Parts good_parts(std::uint64_t serial, std::int64_t created) {
  const std::string hashes = "aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n";
  const std::string bytes = "Eicar-Test-Signature:0:*:" + samples::in_hex(samples::eicar()) + "\n";
  const std::string harmless = "nothing of the kind\n";
  const std::string around = "before it: " + samples::eicar();
  Parts parts;
  parts.manifest.serial = db::Serial{serial};
  parts.manifest.created = created;
  parts.manifest.minimum_engine = 90;
  parts.manifest.files = {file("local.hdb", hashes), file("local.ndb", bytes)};
  parts.manifest.self_tests = {test("around.bin", around, "Eicar-Test-Signature"),
                               test("eicar.com", samples::eicar(), "Eicar-Test-Signature"),
                               test("harmless.txt", harmless)};
  parts.contents = {hashes, bytes, around, samples::eicar(), harmless};
  return parts;
}

std::string head(const base::sign::KeyPair& key, const std::string& manifest_text) {
  std::vector<std::byte> header;
  db::encode_bundle_header(
      {.manifest_size = static_cast<std::uint32_t>(manifest_text.size()),
       .signature = key.sign(base::sign::Purpose::database_manifest, manifest_text)},
      header);
  return std::string(base::wire::as_text(header)) + manifest_text;
}

std::string bundle(const base::sign::KeyPair& key, const std::string& manifest_text,
                   const std::vector<std::string>& contents) {
  std::string all = head(key, manifest_text);
  for (const std::string& content : contents) all += content;
  return all;
}

std::string bundle(const base::sign::KeyPair& key, const Parts& parts) {
  return bundle(key, db::io::encode(parts.manifest), parts.contents);
}

}  // namespace tests::bundles
