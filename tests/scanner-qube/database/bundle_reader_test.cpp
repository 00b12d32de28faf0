// SPDX-License-Identifier: GPL-2.0-or-later
// Bundles as they come: whole, in pieces, cut, changed, another's.
#include "scanner-qube/database/io/bundle_reader.hpp"

#include <gtest/gtest.h>

#include "scanner-qube/database/io/manifest_text.hpp"
#include "tests/scanner-qube/database/bundles.hpp"

namespace scannerqube::database::io {
namespace {

using tests::bundles::bundle;
using tests::bundles::good_parts;
using tests::bundles::Parts;

class BundleReaderTest : public testing::Test {
 protected:
  struct Read {
    std::string error;  // empty: all of it was good
    std::vector<std::string> contents;
    std::size_t closed = 0;
    bool opened = false;
  };
  Read read(const std::string& bytes, std::size_t piece = 1 << 20) const {
    BundleReader reader(key_.public_key());
    Read result;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const std::string part = bytes.substr(at, piece);
      auto rest = base::wire::as_bytes(part);
      for (;;) {
        const auto step = reader.next(rest);
        if (!step) {
          result.error = step.error().text;
          // It stays with that.
          EXPECT_FALSE(reader.next(rest));
          EXPECT_FALSE(reader.finish());
          return result;
        }
        if (step->kind == BundleReader::Step::Kind::hungry) break;
        take(*step, result);
      }
      EXPECT_TRUE(rest.empty());
    }
    if (const auto whole = reader.finish(); !whole) result.error = whole.error().text;
    return result;
  }
  static void take(const BundleReader::Step& step, Read& result) {
    switch (step.kind) {
      case BundleReader::Step::Kind::hungry:
        break;
      case BundleReader::Step::Kind::opened:
        result.opened = true;
        break;
      case BundleReader::Step::Kind::content:
        if (step.file == result.contents.size()) result.contents.emplace_back();
        result.contents.at(step.file) += base::wire::as_text(step.bytes);
        break;
      case BundleReader::Step::Kind::closed:
        EXPECT_EQ(step.file, result.closed++);
        break;
    }
  }

  const base::sign::KeyPair key_ = base::sign::KeyPair::generate();
};

TEST_F(BundleReaderTest, HandsOutTheFilesThatWereSigned) {
  const Parts parts = good_parts();
  const std::string all = bundle(key_, parts);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{77}, all.size()}) {
    SCOPED_TRACE(piece);
    const Read result = read(all, piece);
    EXPECT_EQ(result.error, "");
    EXPECT_EQ(result.contents, parts.contents);
    EXPECT_EQ(result.closed, 5U);
  }
}

TEST_F(BundleReaderTest, RefusesEveryShorterOne) {
  const std::string all = bundle(key_, good_parts());
  for (std::size_t size = 0; size < all.size(); ++size) {
    EXPECT_NE(read(all.substr(0, size)).error, "") << size;
  }
}

TEST_F(BundleReaderTest, RefusesTrailingBytes) {
  EXPECT_EQ(read(bundle(key_, good_parts()) + "x").error,
            "there is more in the bundle than its manifest names");
}

// Each byte counts: of the header, of the signature, of the manifest, of each file.
TEST_F(BundleReaderTest, RefusesEveryFlippedBit) {
  const std::string all = bundle(key_, good_parts());
  const std::size_t head = bundle_header_size + encode(good_parts().manifest).size();
  for (std::size_t at = 0; at < all.size(); ++at) {
    std::string bad = all;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    const Read result = read(bad);
    EXPECT_NE(result.error, "") << at;
    // Nothing is parsed before the signature fits.
    EXPECT_EQ(result.opened, at >= head) << at;
  }
}

TEST_F(BundleReaderTest, RefusesAnotherSigner) {
  const auto other = base::sign::KeyPair::generate();
  const Read result = read(bundle(other, good_parts()));
  EXPECT_FALSE(result.opened);
  EXPECT_NE(result.error.find("not signed with the key " + key_.public_key().id()),
            std::string::npos)
      << result.error;
}

// A signature for something else, over the same bytes.
TEST_F(BundleReaderTest, RefusesASignatureForAnotherPurpose) {
  const std::string text = encode(good_parts().manifest);
  std::vector<std::byte> header;
  encode_bundle_header({.manifest_size = static_cast<std::uint32_t>(text.size()),
                        .signature = key_.sign(base::sign::Purpose::scan_statement, text)},
                       header);
  EXPECT_FALSE(read(std::string(base::wire::as_text(header)) + text).opened);
}

TEST_F(BundleReaderTest, TakesNoManifestThatIsTooLong) {
  for (const std::uint32_t size : {0U, max_manifest + 1, ~0U}) {
    std::vector<std::byte> header;
    encode_bundle_header({.manifest_size = size, .signature = {}}, header);
    EXPECT_NE(read(std::string(base::wire::as_text(header))).error.find("bytes, not 1 to"),
              std::string::npos);
  }
}

// Signed, and wrong all the same.
TEST_F(BundleReaderTest, RefusesSizesAndHashesThatLie) {
  Parts parts = good_parts();
  --parts.manifest.files[0].size;
  EXPECT_NE(read(bundle(key_, parts)).error.find("its SHA-256 is another one"), std::string::npos);
  parts = good_parts();
  ++parts.manifest.files[0].size;
  EXPECT_NE(read(bundle(key_, parts)).error, "");
  parts = good_parts();
  parts.manifest.self_tests[2].sha256 = parts.manifest.self_tests[0].sha256;
  EXPECT_EQ(read(bundle(key_, parts)).error,
            "harmless.txt is not the file that was signed: its SHA-256 is another one");
  parts = good_parts();
  std::swap(parts.contents[0], parts.contents[1]);
  EXPECT_NE(read(bundle(key_, parts)).error, "");
}

TEST_F(BundleReaderTest, RefusesWhatNoManifestMaySay) {
  Parts parts = good_parts();
  parts.manifest.files[1].name = "evil.cbc";
  EXPECT_NE(read(bundle(key_, parts)).error, "");
  parts = good_parts();
  parts.manifest.files[1].name = "../local.ndb";
  EXPECT_NE(read(bundle(key_, parts)).error, "");
  parts = good_parts();
  parts.manifest.files[1].name = "local.hdb";
  EXPECT_NE(read(bundle(key_, parts)).error, "");
}

TEST_F(BundleReaderTest, ComparesContainersWithTheManifest) {
  const std::string content = tests::bundles::container_header(27801, 1'795'000'001) + "tar";
  Parts parts = good_parts();
  parts.manifest.files = {tests::bundles::file("daily.cvd", content)};
  parts.manifest.files[0].container = {.version = 27801, .built = 1'795'000'001, .level = 90};
  parts.contents.erase(parts.contents.begin());
  parts.contents[0] = content;
  EXPECT_EQ(read(bundle(key_, parts)).error, "");
  EXPECT_EQ(read(bundle(key_, parts), 100).error, "");
  Parts bad = parts;
  bad.manifest.files[0].container->version = 27802;
  EXPECT_NE(read(bundle(key_, bad)).error.find("version 27801"), std::string::npos);
  bad = parts;
  bad.manifest.files[0].container->built += 1;
  EXPECT_NE(read(bundle(key_, bad)).error, "");
  bad = parts;
  bad.contents[0] = "short";
  bad.manifest.files[0] = tests::bundles::file("daily.cvd", "short");
  bad.manifest.files[0].container = parts.manifest.files[0].container;
  EXPECT_NE(read(bundle(key_, bad)).error.find("daily.cvd: shorter than"), std::string::npos);
}

}  // namespace
}  // namespace scannerqube::database::io
