// SPDX-License-Identifier: GPL-2.0-or-later
// Files to be scanned, and signatures that know some of them.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/hash/digest.hpp"
#include "base/io/fd.hpp"
#include "base/wire/reader.hpp"

namespace tests::samples {

// The standard test file of eicar.org, in two parts: this file is not to be found by scanners.
inline std::string eicar() {
  return std::string(R"(X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR)") +
         "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";
}

inline std::string in_hex(const std::string& bytes) {
  return base::hash::to_hex(base::wire::as_bytes(bytes));
}

inline void add_signature(const std::filesystem::path& db, const std::string& name,
                          const std::string& bytes) {
  std::ofstream(db / "local.ndb", std::ios::app) << name << ":0:*:" << in_hex(bytes) << "\n";
}

// EICAR by its bytes at the beginning, its tail anywhere, and the sample of clamav-testfiles.
inline void write_signatures(const std::filesystem::path& db) {
  std::filesystem::create_directory(db);
  std::ofstream(db / "local.ndb") << "Eicar-Test-Signature:0:0:" << in_hex(eicar()) << "\n";
  add_signature(db, "Anywhere.Eicar", eicar());
  std::ofstream(db / "local.hdb") << "aa15bcf478d165efd2065190eb473bcb:544:ClamAV-Test-File\n";
}

// Enough for whoever looks at the first bytes.
inline std::string small_rar() {
  return std::string("Rar!\x1a\x07\x00", 7) + std::string(121, '\0');
}

// Two blocks with one MD5 (X. Wang et al., "Collisions for Hash Functions MD4, MD5, HAVAL-128 and
// RIPEMD", 2004); they differ in six bits.
enum class Twin { first, second };
inline std::string md5_twin(Twin which) {
  std::string bytes =
      "\xd1\x31\xdd\x02\xc5\xe6\xee\xc4\x69\x3d\x9a\x06\x98\xaf\xf9\x5c\x2f\xca\xb5\x87\x12\x46\x7e"
      "\xab\x40\x04\x58\x3e\xb8\xfb\x7f\x89\x55\xad\x34\x06\x09\xf4\xb3\x02\x83\xe4\x88\x83\x25\x71"
      "\x41\x5a\x08\x51\x25\xe8\xf7\xcd\xc9\x9f\xd9\x1d\xbd\xf2\x80\x37\x3c\x5b\xd8\x82\x3e\x31\x56"
      "\x34\x8f\x5b\xae\x6d\xac\xd4\x36\xc9\x19\xc6\xdd\x53\xe2\xb4\x87\xda\x03\xfd\x02\x39\x63\x06"
      "\xd2\x48\xcd\xa0\xe9\x9f\x33\x42\x0f\x57\x7e\xe8\xce\x54\xb6\x70\x80\xa8\x0d\x1e\xc6\x98\x21"
      "\xbc\xb6\xa8\x83\x93\x96\xf9\x65\x2b\x6f\xf7\x2a\x70";
  if (which == Twin::second) {
    for (const std::size_t at : {19U, 45U, 59U, 83U, 109U, 123U}) {
      bytes.at(at) = static_cast<char>(static_cast<unsigned char>(bytes.at(at)) ^ 0x80U);
    }
  }
  return bytes;
}

class MappedFile {
 public:
  MappedFile(const std::filesystem::path& path, std::size_t size) : size_(size) {
    const base::io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    at_ = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  }
  ~MappedFile() { ::munmap(at_, size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  base::wire::Bytes bytes() const { return {static_cast<const std::byte*>(at_), size_}; }

 private:
  void* at_;
  std::size_t size_;
};

}  // namespace tests::samples
