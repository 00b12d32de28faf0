// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/scanner-qube/unlock/volumes.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "scanner-qube/volume/gpt.hpp"
#include "tests/scanner-qube/volume/images.hpp"

namespace tests {
namespace {

constexpr std::size_t sector = 512;

void must(bool good) {
  if (!good) std::abort();
}

const unsigned char* raw(const std::string& text) {
  return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}
unsigned char* raw(std::string& text) {
  return static_cast<unsigned char*>(static_cast<void*>(text.data()));
}

template <class T>
std::string little(T number) {
  std::string out;
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(number >> (8 * i));
  return out;
}
template <class T>
std::string big(T number) {
  const std::string turned = little(number);
  return {turned.rbegin(), turned.rend()};
}

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

std::string encrypt(const EVP_CIPHER* cipher, const std::string& key, const std::string& iv,
                    const std::string& plain) {
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string out(plain.size(), '\0');
  int done = 0;
  must(EVP_EncryptInit_ex(context.get(), cipher, nullptr, raw(key),
                          iv.empty() ? nullptr : raw(iv)) == 1 &&
       EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
       EVP_EncryptUpdate(context.get(), raw(out), &done, raw(plain),
                         static_cast<int>(plain.size())) == 1 &&
       done == static_cast<int>(plain.size()));
  return out;
}

// The authenticated encryption of BitLocker's keys: tag and cipher text.
std::string seal_ccm(const std::string& key, const std::string& nonce, const std::string& plain) {
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  constexpr int tag_size = 16;
  std::string tag(tag_size, '\0');
  std::string out(plain.size(), '\0');
  int done = 0;
  must(EVP_EncryptInit_ex(context.get(), EVP_aes_256_ccm(), nullptr, nullptr, nullptr) == 1 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce.size()),
                           nullptr) == 1 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_size, nullptr) == 1 &&
       EVP_EncryptInit_ex(context.get(), nullptr, nullptr, raw(key), raw(nonce)) == 1 &&
       EVP_EncryptUpdate(context.get(), raw(out), &done, raw(plain),
                         static_cast<int>(plain.size())) == 1 &&
       EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_size, raw(tag)) == 1);
  return tag + out;
}

std::string sha256_bytes(const std::string& text) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(raw(text), text.size(), raw(out));
  return out;
}

std::uint32_t crc32_of(std::string_view text) {
  return scannerqube::volume::crc32(base::wire::as_bytes(text));
}

std::string iv_of(std::uint64_t number) { return little(number) + std::string(8, '\0'); }

std::string at_place(const Folder& folder, const std::string& name) {
  return (folder.path() / name).string();
}

std::string hidden(std::string text, std::size_t at, std::size_t length) {
  return text.replace(at, length, length, '\0');
}

// What of a volume of BitLocker is not its file system's, in bytes from its beginning.
constexpr std::array<std::size_t, 3> metadata{std::size_t{2} << 20U, std::size_t{3} << 20U,
                                              std::size_t{4} << 20U};
constexpr std::size_t metadata_size = 65536;
constexpr std::size_t header_at = metadata[0] + metadata_size;
constexpr std::size_t header_size = 8192;

std::string entry(std::uint16_t type, std::uint16_t value, const std::string& content) {
  return little(static_cast<std::uint16_t>(8 + content.size())) + little(type) + little(value) +
         little(std::uint16_t{1}) + content;
}

// A key with its header, as it is sealed.
std::string key_record(const std::string& key) {
  return little(static_cast<std::uint16_t>(12 + key.size())) + std::string(10, '\0') + key;
}

std::string stretched(const std::string& text, const std::string& salt) {
  std::string wide;
  for (const char c : text) wide += std::string(1, c) + '\0';  // UTF-16 of ASCII
  std::string record = std::string(32, '\0') + sha256_bytes(sha256_bytes(wide)) + salt;
  record.resize(record.size() + 8);
  for (std::uint64_t i = 0; i < 0x100000; ++i) {
    record.replace(80, 8, little(i));
    SHA256(raw(record), record.size(), raw(record));
  }
  return record.substr(0, 32);
}

std::string bitlocker_metadata(const std::string& key, std::uint16_t method,
                               std::uint64_t volume_size) {
  const std::string salt = random_bytes(16, 41);
  const std::string master = random_bytes(32, 42);
  const std::string nonce = random_bytes(12, 43);
  const std::string passphrase_protection = little(std::uint16_t{0x2000});
  const std::string master_entry = entry(
      2, 8,
      random_bytes(16, 44) + std::string(8, '\0') + std::string(2, '\0') + passphrase_protection +
          entry(0, 3, std::string(4, '\0') + salt) +
          entry(0, 5, nonce + seal_ccm(stretched(passphrase, salt), nonce, key_record(master))));
  const std::string key_entry = entry(3, 5, nonce + seal_ccm(master, nonce, key_record(key)));
  const std::string header_entry =
      entry(15, 15, little(std::uint64_t{header_at}) + little(std::uint64_t{header_size}));
  const std::string entries = master_entry + key_entry + header_entry;
  const auto size = static_cast<std::uint32_t>(48 + entries.size());
  constexpr std::uint16_t encrypted = 4;
  std::string offsets;
  for (const std::size_t at : metadata) offsets += little(std::uint64_t{at});
  return "-FVE-FS-" + little(std::uint16_t{0}) + little(std::uint16_t{2}) + little(encrypted) +
         little(encrypted) + little(volume_size) + little(std::uint32_t{0}) +
         little(std::uint32_t{header_size / sector}) + offsets + little(std::uint64_t{header_at}) +
         little(size) + little(std::uint32_t{1}) + little(std::uint32_t{48}) + little(size) +
         random_bytes(16, 45) + little(std::uint32_t{1}) + little(method) +
         little(std::uint16_t{0}) + little(std::uint64_t{132'000'000'000'000'000}) + entries;
}

std::string bitlocker_first_sector() {
  std::string first("\xeb\x58\x90-FVE-FS-", 11);
  first += little(std::uint16_t{512});
  first.resize(160);
  first += std::string("\x3b\xd6\x67\x49\x29\x2e\xd8\x4a\x83\x99\xf6\xa3\x39\xe3\xd0\x01", 16);
  for (const std::size_t at : metadata) first += little(std::uint64_t{at});
  first.resize(510);
  return first + "\x55\xaa";
}

}  // namespace

std::string passphrase_file(const Folder& folder, const std::string& text) {
  std::string path = at_place(folder, "passphrase");
  write_file(path, text);
  return path;
}

std::string luks1_of(const Folder& folder, const std::string& plain, const std::string& options) {
  std::string image = at_place(folder, "luks1.img");
  // QEMU measures how many iterations take the time that is asked for, and may fail to on a busy
  // machine.
  shell("for try in 1 2 3 4 5 6 7 8; do qemu-img convert -O luks --object secret,id=s,file=" +
        passphrase_file(folder) + " -o key-secret=s,iter-time=10" + options + " " + plain + " " +
        image + " && exit 0; done; exit 1");
  return image;
}

std::string luks2_of(const Folder& folder, const std::string& plain, const std::string& options) {
  std::string image = at_place(folder, "luks2.img");
  shell("cp " + plain + " " + image + " && truncate -s +32M " + image +
        " && cryptsetup reencrypt --encrypt -q --type luks2 --reduce-device-size 32M " + options +
        " --key-file " + passphrase_file(folder) + " " + image);
  return image;
}

// VeraCrypt's documentation, "VeraCrypt Volume Format Specification".
std::string veracrypt_of(const Folder& folder, const std::string& plain_path) {
  constexpr std::uint64_t area = std::uint64_t{128} << 10U;  // before the data, and behind them
  constexpr int iterations = 500'000;
  const std::string plain = slurp(plain_path);
  const std::string key = random_bytes(64, 51);
  const std::string salt = random_bytes(64, 52);
  std::string keys = key;
  keys.resize(256);
  std::string head =
      "VERA" + big(std::uint16_t{5}) + big(std::uint16_t{0x010b}) + big(crc32_of(keys)) +
      std::string(16, '\0') + big(std::uint64_t{0}) + big(std::uint64_t{plain.size()}) + big(area) +
      big(std::uint64_t{plain.size()}) + big(std::uint32_t{0}) + big(std::uint32_t{512});
  head.resize(188);
  head += big(crc32_of(head));
  std::string head_key(64, '\0');
  must(PKCS5_PBKDF2_HMAC(passphrase.data(), static_cast<int>(passphrase.size()), raw(salt),
                         static_cast<int>(salt.size()), iterations, EVP_sha512(),
                         static_cast<int>(head_key.size()), raw(head_key)) == 1);
  std::string volume = salt + encrypt(EVP_aes_256_xts(), head_key, iv_of(0), head + keys);
  volume += random_bytes(area - volume.size(), 53);
  for (std::size_t at = 0; at < plain.size(); at += sector) {
    volume +=
        encrypt(EVP_aes_256_xts(), key, iv_of((area + at) / sector), plain.substr(at, sector));
  }
  std::string image = at_place(folder, "veracrypt.img");
  write_file(image, volume + random_bytes(area, 54));
  return image;
}

std::string bitlocker_of(const Folder& folder, const std::string& plain_path,
                         BitlockerCipher cipher, std::string& shown) {
  const bool xts = cipher == BitlockerCipher::xts;
  shown = slurp(plain_path);
  for (const std::size_t at : metadata) shown = hidden(std::move(shown), at, metadata_size);
  shown = hidden(std::move(shown), header_at, header_size);
  const std::string key = random_bytes(xts ? 64 : 16, 46);
  const auto sealed = [&](std::size_t stored, const std::string& plain) {
    if (xts) return encrypt(EVP_aes_256_xts(), key, iv_of(stored / sector), plain);
    const std::string iv = encrypt(EVP_aes_128_ecb(), key, "", iv_of(stored));
    return encrypt(EVP_aes_128_cbc(), key, iv, plain);
  };
  std::string volume(shown.size(), '\0');
  for (std::size_t at = 0; at < shown.size(); at += sector) {
    const std::size_t stored = at < header_size ? header_at + at : at;
    volume.replace(stored, sector, sealed(stored, shown.substr(at, sector)));
  }
  const std::string said =
      bitlocker_metadata(key, xts ? std::uint16_t{0x8005} : std::uint16_t{0x8002}, shown.size());
  for (const std::size_t at : metadata) {
    volume = hidden(std::move(volume), at, metadata_size);
    volume.replace(at, said.size(), said);
  }
  // The loop has put the header's place there last, as if it were the file system's.
  for (std::size_t at = 0; at < header_size; at += sector) {
    volume.replace(header_at + at, sector, sealed(header_at + at, shown.substr(at, sector)));
  }
  volume.replace(0, sector, bitlocker_first_sector());
  std::string image = at_place(folder, "bitlocker.img");
  write_file(image, volume);
  return image;
}

}  // namespace tests
