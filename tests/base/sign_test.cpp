// SPDX-License-Identifier: GPL-2.0-or-later
// Ed25519 keys and signatures: as everybody else's, strict, and with secret keys kept to their
// owner.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/hash/digest.hpp"
#include "base/io/files.hpp"
#include "base/sign/ed25519.hpp"
#include "base/sign/io/key_files.hpp"

namespace base::sign {
namespace {

namespace fs = std::filesystem;

// RFC 8032, 7.1, test 1.
constexpr const char* rfc_secret =
    "sallyport-ed25519-secret 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n";
constexpr const char* rfc_public =
    "sallyport-ed25519-public d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n";
constexpr Purpose purpose = Purpose::scan_statement;

const unsigned char* raw(wire::Bytes bytes) {
  return static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
}

TEST(Ed25519, DerivesThePublicKeyOfTheRfc) {
  const auto pair = KeyPair::parse(rfc_secret);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->public_key().text(), rfc_public);
  EXPECT_EQ(pair->secret_text().view(), rfc_secret);
  // printf d75a...511a | xxd -r -p | sha256sum
  EXPECT_EQ(pair->public_key().id(), "21fe31dfa154a261");
}

TEST(Ed25519, AnotherImplementationAcceptsWhatIsSigned) {
  const KeyPair pair = KeyPair::generate();
  const std::string message = "a message";
  const Signature signature = pair.sign(purpose, message);
  const std::string signed_bytes = std::string(prefix_of(purpose)) + message;
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                              raw(pair.public_key().bytes()), key_size);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ASSERT_EQ(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key), 1);
  EXPECT_EQ(EVP_DigestVerify(context, raw(signature.bytes), signature_size,
                             raw(wire::as_bytes(signed_bytes)), signed_bytes.size()),
            1);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
}

TEST(Ed25519, RefusesEveryChangedBit) {
  const KeyPair pair = KeyPair::generate();
  const std::string message = "a message";
  const Signature good = pair.sign(purpose, message);
  ASSERT_EQ(verify(pair.public_key(), purpose, message, good), Verified::yes);
  for (std::size_t bit = 0; bit < 8 * signature_size; ++bit) {
    Signature bad = good;
    bad.bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_EQ(verify(pair.public_key(), purpose, message, bad), Verified::no) << bit;
  }
  for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
    std::string other = message;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(verify(pair.public_key(), purpose, other, good), Verified::no) << bit;
  }
  EXPECT_EQ(verify(KeyPair::generate().public_key(), purpose, message, good), Verified::no);
}

TEST(Ed25519, ASignatureServesOnePurpose) {
  const KeyPair pair = KeyPair::generate();
  const Signature signature = pair.sign(Purpose::scan_statement, "m");
  EXPECT_EQ(verify(pair.public_key(), Purpose::database_manifest, "m", signature), Verified::no);
}

TEST(Ed25519, NoPrefixBeginsAnother) {
  const std::array all{Purpose::scan_statement, Purpose::database_manifest, Purpose::scan_verdict,
                       Purpose::verdict_cache, Purpose::release_list};
  for (const Purpose one : all) {
    // One newline, at the end: then a prefix that begins another one is that other one.
    EXPECT_EQ(prefix_of(one).find('\n'), prefix_of(one).size() - 1);
    for (const Purpose other : all) {
      if (one != other) {
        EXPECT_NE(prefix_of(one), prefix_of(other));
      }
    }
  }
}

// The neutral point as key and as R, and S = 0, fits every message where nobody looks.
TEST(Ed25519, RefusesAKeyOfSmallOrder) {
  std::array<std::byte, key_size> neutral{std::byte{1}};
  Signature forged;
  forged.bytes[0] = std::byte{1};
  EXPECT_EQ(verify(PublicKey(neutral), purpose, "anything", forged), Verified::no);
}

TEST(Ed25519, RefusesKeyTextThatIsNotExactlyOne) {
  const std::string good = rfc_public;
  EXPECT_TRUE(PublicKey::parse(good));
  EXPECT_TRUE(PublicKey::parse(good.substr(0, good.size() - 1)));
  for (std::size_t size = 0; size + 1 < good.size(); ++size) {
    EXPECT_FALSE(PublicKey::parse(good.substr(0, size))) << size;
  }
  EXPECT_FALSE(PublicKey::parse(good + "\n"));
  EXPECT_FALSE(PublicKey::parse(" " + good));
  std::string upper = good;
  upper[good.find("d75a")] = 'D';
  EXPECT_FALSE(PublicKey::parse(upper));
  EXPECT_NE(PublicKey::parse(rfc_secret).error().text.find("secret key"), std::string::npos);
  EXPECT_FALSE(KeyPair::parse(rfc_public));
}

TEST(Ed25519, SignaturesAsTextComeBack) {
  const Signature signature = KeyPair::generate().sign(purpose, "m");
  const auto again = Signature::parse(signature.hex());
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, signature);
  EXPECT_FALSE(Signature::parse(signature.hex() + "00"));
  EXPECT_FALSE(Signature::parse(signature.hex().substr(2)));
}

class KeyFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "sign.XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    key_ = folder_ / "scan.key";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string refusal() const {
    const auto pair = io::read_secret_key(key_);
    return pair ? "" : pair.error().text;
  }

  fs::path folder_;
  fs::path key_;
};

TEST_F(KeyFiles, APairIsMadeAndReadBack) {
  const auto made = io::make_key_files(key_);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(fs::status(key_).permissions(), fs::perms{0600});
  EXPECT_EQ(fs::status(key_.string() + ".pub").permissions(), fs::perms{0644});
  const auto pair = io::read_secret_key(key_);
  ASSERT_TRUE(pair) << pair.error().text;
  EXPECT_EQ(pair->public_key(), *made);
  const auto key = io::read_public_key(key_.string() + ".pub");
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(*key, *made);
}

TEST_F(KeyFiles, NothingIsWrittenOver) {
  ASSERT_TRUE(io::make_key_files(key_));
  const auto before = base::io::read_file(key_, max_key_text);
  EXPECT_FALSE(io::make_key_files(key_));
  EXPECT_EQ(*base::io::read_file(key_, max_key_text), *before);
  fs::remove(key_);
  EXPECT_FALSE(io::make_key_files(key_));  // the public key is still there
  EXPECT_FALSE(fs::exists(key_));
}

TEST_F(KeyFiles, ASecretKeyForOthersToReadIsRefused) {
  ASSERT_TRUE(io::make_key_files(key_));
  for (const unsigned mode : {0640U, 0604U, 0620U, 0602U, 0610U}) {
    fs::permissions(key_, fs::perms{mode});
    EXPECT_NE(refusal().find("others than its owner"), std::string::npos) << mode;
  }
  fs::permissions(key_, fs::perms{0400});
  EXPECT_EQ(refusal(), "");
}

TEST_F(KeyFiles, WhatIsNoKeyFileIsRefused) {
  EXPECT_NE(refusal().find("No such file"), std::string::npos);
  ASSERT_EQ(::mkfifo(key_.c_str(), 0600), 0);
  EXPECT_NE(refusal().find("regular file"), std::string::npos);
  fs::remove(key_);
  ASSERT_TRUE(base::io::write_file_atomically(key_, "", 0600));
  EXPECT_NE(refusal().find("no secret key"), std::string::npos);
  ASSERT_TRUE(base::io::write_file_atomically(key_, rfc_secret + std::string(200, ' '), 0600));
  EXPECT_NE(refusal().find("longer"), std::string::npos);
}

}  // namespace
}  // namespace base::sign
