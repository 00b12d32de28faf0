// SPDX-License-Identifier: GPL-2.0-or-later
// Volumes that other programs have encrypted, opened in the sandboxed process.
#include "scanner-qube/unlock/io/opener.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/io/sealed_file.hpp"
#include "scanner-qube/unlock/io/decrypted_source.hpp"
#include "scanner-qube/unlock/io/open_with.hpp"
#include "tests/scanner-qube/unlock/volumes.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace scannerqube::unlock {
namespace {

using tests::BitlockerCipher;
using volume::FileSource;
using volume::FileSystem;
using volume::Range;

base::io::Fd secret(const std::string& text) {
  auto file = base::io::sealed_copy(base::wire::as_bytes(text));
  EXPECT_TRUE(file) << file.error().text;
  return file ? *std::move(file) : base::io::Fd();
}
constexpr auto ever = std::chrono::steady_clock::time_point::max();

class Opener : public testing::Test {
 protected:
  // What is wrong, or "" and the plain text.
  std::string open(const std::string& image, FileSystem kind,
                   const std::string& passphrase = tests::passphrase,
                   const OpenerLimits& limits = {}) {
    const auto source = FileSource::open(image);
    if (!source) return source.error().text;
    const Range all{.offset = 0, .length = (*source)->size()};
    auto unlocked = open_volume(**source, all, kind, secret(passphrase), limits);
    if (!unlocked) return unlocked.error().text;
    const Range plain = unlocked->plain;
    const auto shown = DecryptedSource::make(**source, all, *std::move(unlocked));
    if (!shown) return shown.error().text;
    const auto bytes = volume::read_some(**shown, plain.offset, plain.length);
    if (!bytes) return bytes.error().text;
    plain_ = base::wire::as_text(*bytes);
    return "";
  }
  // To these bytes; more may follow, where the volume is larger.
  void expect_opens(const std::string& image, FileSystem kind, const std::string& plain) {
    const std::string expected = tests::slurp(plain);
    EXPECT_EQ(open(image, kind), "");
    EXPECT_EQ(plain_.substr(0, expected.size()) == expected, true);
  }
  void spoil(const std::string& image, std::size_t at, const std::string& bytes) {
    std::fstream file(image, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
  }
  // With bytes everywhere, so that what is read from a wrong place is not the same.
  std::string plain_image(unsigned kibibytes = 9 * 1024) {
    std::string path = (folder_.path() / "plain.img").string();
    tests::write_file(path, tests::random_bytes(kibibytes * std::size_t{1024}, 5));
    return path;
  }

  const tests::Folder folder_;
  std::string plain_;
};

TEST_F(Opener, Luks1OfQemu) {
  const std::string plain = plain_image();
  for (const char* options : {"", ",cipher-mode=cbc,ivgen-alg=plain64",
                              ",cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256",
                              ",cipher-alg=aes-128,hash-alg=sha512"}) {
    SCOPED_TRACE(options);
    const std::string image = tests::luks1_of(folder_, plain, options);
    expect_opens(image, FileSystem::luks, plain);
  }
}

TEST_F(Opener, Luks2OfCryptsetup) {
  const std::string plain = plain_image();
  for (const char* options :
       {"--sector-size 512 --pbkdf pbkdf2 --pbkdf-force-iterations 1000",
        "--sector-size 4096 --pbkdf argon2id --pbkdf-memory 32768 --pbkdf-force-iterations 4 "
        "--pbkdf-parallel 2",
        "--sector-size 2048 --pbkdf argon2i --pbkdf-memory 32768 --pbkdf-force-iterations 4 "
        "--pbkdf-parallel 1 --hash sha512",
        "--cipher aes-cbc-essiv:sha256 --key-size 256 --sector-size 4096 --pbkdf pbkdf2 "
        "--pbkdf-force-iterations 1000",
        "--cipher aes-cbc-plain64 --key-size 128 --sector-size 1024 --pbkdf pbkdf2 "
        "--pbkdf-force-iterations 1000"}) {
    SCOPED_TRACE(options);
    const std::string image = tests::luks2_of(folder_, plain, options);
    expect_opens(image, FileSystem::luks, plain);
  }
}

TEST_F(Opener, VeraCrypt) {
  const std::string plain = plain_image(2048);
  const std::string image = tests::veracrypt_of(folder_, plain);
  expect_opens(image, FileSystem::random, plain);
}

TEST_F(Opener, BitLocker) {
  const std::string plain = plain_image();
  for (const auto cipher : {BitlockerCipher::xts, BitlockerCipher::cbc}) {
    std::string shown;
    const std::string image = tests::bitlocker_of(folder_, plain, cipher, shown);
    EXPECT_EQ(open(image, FileSystem::bitlocker), "");
    EXPECT_EQ(plain_ == shown, true);
  }
}

TEST_F(Opener, AnotherPassphraseOpensNothing) {
  const std::string plain = plain_image(2048);
  std::string shown;
  EXPECT_EQ(open(tests::luks1_of(folder_, plain), FileSystem::luks, "wrong"),
            "the passphrase does not open it");
  EXPECT_EQ(open(tests::luks2_of(folder_, plain), FileSystem::luks, tests::passphrase + "\n"),
            "the passphrase does not open it");
  EXPECT_EQ(open(tests::bitlocker_of(folder_, plain_image(), BitlockerCipher::xts, shown),
                 FileSystem::bitlocker, "wrong"),
            "the passphrase does not open it");
  EXPECT_EQ(open(plain, FileSystem::random), "the passphrase opens no VeraCrypt volume in it");
}

TEST_F(Opener, WhatItCannotDecryptIsSaid) {
  const std::string plain = plain_image(2048);
  EXPECT_EQ(open(tests::luks1_of(folder_, plain, ",cipher-alg=serpent-256"), FileSystem::luks),
            "its cipher serpent-xts-plain64 is none that is decrypted here");
}

// A header may ask for memory until something else is killed.
TEST_F(Opener, AKeyThatTakesTooMuchMemoryIsNotDerived) {
  const std::string image = tests::luks2_of(
      folder_, plain_image(2048),
      "--sector-size 512 --pbkdf argon2id --pbkdf-memory 65536 --pbkdf-force-iterations 4 "
      "--pbkdf-parallel 1");
  EXPECT_EQ(open(image, FileSystem::luks, tests::passphrase, {.memory = std::uint64_t{63} << 20U}),
            "to derive its key takes 64 MiB of memory, and 63 are free where it is scanned; "
            "sallyport-scanner --memory gives more");
  EXPECT_EQ(open(image, FileSystem::luks, tests::passphrase, {.memory = std::uint64_t{64} << 20U}),
            "");
}

TEST_F(Opener, OneThatTakesTooLongIsStopped) {
  const std::string image = tests::luks1_of(folder_, plain_image(2048));
  spoil(image, 212, "\x7f\xff\xff\xff");  // iterations of the first key slot
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(open(image, FileSystem::luks, tests::passphrase, {.time = std::chrono::seconds(1)}),
            "what should open it took too long and was stopped");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(30));
}

TEST_F(Opener, DamagedHeadersAreRefused) {
  const std::string plain = plain_image(2048);
  const std::string luks2 = tests::luks2_of(folder_, plain);
  spoil(luks2, 4096, std::string(8192, '{'));
  spoil(luks2, 16384 + 4096, std::string(8192, '{'));
  EXPECT_EQ(open(luks2, FileSystem::luks).find("its header is damaged"), 0U);
  const std::string luks1 = tests::luks1_of(folder_, plain);
  spoil(luks1, 104, "\x7f\xff\xff\xff");  // where the data begin
  EXPECT_NE(open(luks1, FileSystem::luks), "");
  for (const FileSystem kind : {FileSystem::luks, FileSystem::bitlocker, FileSystem::fat}) {
    EXPECT_NE(open(plain, kind), "") << volume::name_of(kind);
  }
  tests::write_file((folder_.path() / "short").string(), "LUKS");
  EXPECT_NE(open((folder_.path() / "short").string(), FileSystem::luks), "");
}

// Whatever a header holds: no crash but of the process that reads it, and nothing opens.
TEST_F(Opener, SpoiledHeadersDoNoHarm) {
  std::string shown;
  const std::string plain = plain_image();
  const std::string images[] = {tests::luks2_of(folder_, plain), tests::luks1_of(folder_, plain),
                                tests::bitlocker_of(folder_, plain, BitlockerCipher::xts, shown)};
  const FileSystem kinds[] = {FileSystem::luks, FileSystem::luks, FileSystem::bitlocker};
  for (unsigned seed = 0; seed < 60; ++seed) {
    const std::string& image = images[seed % 3];
    const std::string whole = tests::slurp(image);
    const std::string noise = tests::random_bytes(40, seed + 100);
    const std::size_t base = seed % 3 == 2 && seed % 2 == 0 ? std::size_t{2} << 20U : 0;
    for (std::size_t i = 0; i + 3 < noise.size(); i += 3) {
      const std::size_t at = static_cast<unsigned char>(noise[i]) +
                             256U * (static_cast<unsigned char>(noise[i + 1]) & 3U);
      spoil(image, base + at, noise.substr(i + 2, 1));
    }
    EXPECT_NE(open(image, kinds[seed % 3]), "nothing opens it") << seed;
    tests::write_file(image, whole);
  }
}

TEST_F(Opener, TheRestOfTheMediumIsAsItWas) {
  const std::string plain = plain_image(2048);
  const std::string before = tests::random_bytes(3U << 20U, 8);
  const std::string after = tests::random_bytes(70'001, 9);
  const std::string volume = tests::slurp(tests::luks1_of(folder_, plain));
  const std::string path = (folder_.path() / "medium.img").string();
  tests::write_file(path, before + volume + after);
  const auto source = FileSource::open(path);
  ASSERT_TRUE(source) << source.error().text;
  const Range place{.offset = before.size(), .length = volume.size()};
  const auto opened = open_with(secret(tests::passphrase))(**source, place, FileSystem::luks, ever);
  ASSERT_TRUE(opened) << opened.error().text;
  ASSERT_EQ(opened->plain.end(), place.end());
  std::string expected = before + volume + after;
  const std::string text = tests::slurp(plain);
  // The header is nobody's.
  const std::size_t header = opened->plain.offset - place.offset;
  expected.replace(place.offset, header, header, '\0');
  expected.replace(opened->plain.offset, text.size(), text);
  EXPECT_EQ(opened->medium->size(), expected.size());
  // Any place, any length, across all borders.
  for (const auto& [offset, length] :
       std::vector<std::pair<std::uint64_t, std::size_t>>{{0, expected.size()},
                                                          {before.size() - 3, 7},
                                                          {opened->plain.offset - 1, 2},
                                                          {opened->plain.offset + 511, 2},
                                                          {opened->plain.offset + 1, 200'003},
                                                          {place.end() - 5, 10},
                                                          {expected.size() - 1, 10},
                                                          {expected.size(), 10}}) {
    const auto bytes = volume::read_some(*opened->medium, offset, length);
    ASSERT_TRUE(bytes) << bytes.error().text;
    EXPECT_EQ(std::string(base::wire::as_text(*bytes)) ==
                  expected.substr(static_cast<std::size_t>(offset), length),
              true)
        << offset;
  }
}

// What is derived takes as long as a header says: the scan's own time bounds it too.
TEST_F(Opener, NothingIsOpenedBeyondTheScansTime) {
  const std::string image = tests::luks1_of(folder_, plain_image(2048));
  spoil(image, 212, "\x7f\xff\xff\xff");
  const auto source = FileSource::open(image);
  ASSERT_TRUE(source) << source.error().text;
  const auto now = std::chrono::steady_clock::now();
  const auto opened =
      open_with(secret(tests::passphrase))(**source, {.offset = 0, .length = (*source)->size()},
                                           FileSystem::luks, now + std::chrono::seconds(1));
  EXPECT_FALSE(opened);
  EXPECT_LT(std::chrono::steady_clock::now() - now, std::chrono::seconds(30));
}

// dm-crypt counts its sectors in another way than it does those of BitLocker.
TEST_F(Opener, BitLockersCipherIsNotTakenOfLuks) {
  const std::string image =
      tests::luks2_of(folder_, plain_image(2048),
                      "--cipher aes-cbc-eboiv --key-size 256 --sector-size 4096 --pbkdf pbkdf2 "
                      "--pbkdf-force-iterations 1000");
  EXPECT_EQ(open(image, FileSystem::luks),
            "its cipher aes-cbc-eboiv is none that is decrypted here");
}

// Each reader takes another copy of the metadata, or another entry, for the good one.
TEST_F(Opener, ABitLockerVolumeHasOneMeaning) {
  std::string shown;
  const auto image = [&] {
    return tests::bitlocker_of(folder_, plain_image(), BitlockerCipher::xts, shown);
  };
  for (const std::size_t copy : {2U, 3U, 4U}) {
    const std::string spoiled = image();
    spoil(spoiled, (copy << 20U) + 100, "x");
    EXPECT_EQ(open(spoiled, FileSystem::bitlocker), "the copies of its metadata differ") << copy;
  }
  const std::string spoiled = image();
  const std::string whole = tests::slurp(spoiled);
  const std::string entry = std::string("\x18\0\x0f\0\x0f\0\x01\0", 8);
  const std::size_t at = whole.find(entry, std::size_t{2} << 20U);
  ASSERT_NE(at, std::string::npos);
  const std::size_t size_at = 64;
  for (const std::size_t copy : {2U, 3U, 4U}) {
    const std::size_t base = copy << 20U;
    spoil(spoiled, at - (std::size_t{2} << 20U) + base + 24, whole.substr(at, 24));
    const auto size = static_cast<unsigned char>(whole[base + size_at]) +
                      256U * static_cast<unsigned char>(whole[base + size_at + 1]) + 24;
    spoil(spoiled, base + size_at,
          {static_cast<char>(size & 0xffU), static_cast<char>(size >> 8U)});
  }
  EXPECT_EQ(open(spoiled, FileSystem::bitlocker),
            "its metadata do not agree where the file system begins");
}

TEST(OpenWith, NoPassphraseOpensNothing) { EXPECT_FALSE(open_with({})); }

}  // namespace
}  // namespace scannerqube::unlock
