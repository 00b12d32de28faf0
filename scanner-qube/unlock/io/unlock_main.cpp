// SPDX-License-Identifier: GPL-2.0-or-later
// sallyport-unlock luks|bitlocker|veracrypt IMAGE PASSPHRASE-FILE [--hash]: the plain text of an
// encrypted volume on stdout, or its SHA-256. Not installed; for people and tests. Exit status: 0
// opened, 1 it stays shut, 2 usage.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include "base/hash/sha256.hpp"
#include "base/io/files.hpp"
#include "scanner-qube/unlock/io/open_with.hpp"

namespace {

namespace volume = scannerqube::volume;
namespace unlock = scannerqube::unlock;

int fail(const std::string& why, int code) {
  std::fprintf(stderr, "sallyport-unlock: %s\n", why.c_str());
  return code;
}

volume::FileSystem kind_of(std::string_view word) {
  if (word == "luks") return volume::FileSystem::luks;
  if (word == "bitlocker") return volume::FileSystem::bitlocker;
  // A header of VeraCrypt looks like chance.
  return word == "veracrypt" ? volume::FileSystem::random : volume::FileSystem::unknown;
}

int write_plain(const volume::OpenedPart& opened, bool hash) {
  constexpr std::size_t at_once = std::size_t{1} << 20U;
  const base::io::Fd out(::dup(STDOUT_FILENO));
  base::hash::Sha256 sha256;
  sha256.begin();
  for (std::uint64_t done = 0; done < opened.plain.length;) {
    const auto bytes =
        volume::read_some(volume::WindowSource(*opened.medium, opened.plain), done, at_once);
    if (!bytes) return fail(bytes.error().text, 1);
    if (bytes->empty()) break;
    if (hash) {
      sha256.add(*bytes);
    } else if (auto written = base::io::write_all(out, base::wire::as_text(*bytes)); !written) {
      return fail(written.error().text, 1);
    }
    done += bytes->size();
  }
  if (hash) std::printf("%s\n", base::hash::to_hex(sha256.end()).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool hash = argc == 5 && std::string_view(argv[4]) == "--hash";
  const auto kind = argc >= 4 ? kind_of(argv[1]) : volume::FileSystem::unknown;
  if (kind == volume::FileSystem::unknown || (argc == 5 && !hash) || argc > 5) {
    return fail("luks|bitlocker|veracrypt IMAGE PASSPHRASE-FILE [--hash]", 2);
  }
  base::io::ignore_sigpipe();
  const auto source = volume::FileSource::open(argv[2]);
  if (!source) return fail(source.error().text, 2);
  auto passphrase = unlock::passphrase_of_file(argv[3]);
  if (!passphrase) return fail(passphrase.error().text, 2);
  const auto open = unlock::open_with(*std::move(passphrase));
  const auto opened = open(**source, {.offset = 0, .length = (*source)->size()}, kind,
                           std::chrono::steady_clock::time_point::max());
  if (!opened) return fail(opened.error().text, 1);
  return write_plain(*opened, hash);
}
