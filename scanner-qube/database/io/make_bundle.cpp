// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/make_bundle.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/io/files.hpp"
#include "scanner-qube/database/bundle_header.hpp"
#include "scanner-qube/database/io/bundle_sources.hpp"
#include "scanner-qube/database/io/manifest_text.hpp"

namespace scannerqube::database::io {
namespace {

namespace fs = std::filesystem;
using base::io::Fd;

// The file was hashed before: freshclam may have put another in its place since.
template <class File>
base::Status append(const Fd& out, const fs::path& path, const File& expected) {
  const auto again = measure(path, expected.size, [&out](base::wire::Bytes part) {
    return base::io::write_all(out, base::wire::as_text(part));
  });
  if (again && again->size == expected.size && again->sha256 == expected.sha256) {
    return base::Ok{};
  }
  return base::fail(again ? path.string() + " was changed while it was read; try again"
                          : again.error().text);
}

base::Status write_bundle(const Fd& out, const BundleSources& sources, const Manifest& manifest,
                          const base::sign::KeyPair& key) {
  const std::string text = encode(manifest);
  if (text.size() > max_manifest) return base::fail("the manifest is too long: too many files");
  std::vector<std::byte> header;
  encode_bundle_header({.manifest_size = static_cast<std::uint32_t>(text.size()),
                        .signature = key.sign(base::sign::Purpose::database_manifest, text)},
                       header);
  if (auto put = base::io::write_all(out, base::wire::as_text(header)); !put) return put;
  if (auto put = base::io::write_all(out, text); !put) return put;
  for (std::size_t i = 0; i < manifest.files.size(); ++i) {
    if (auto put = append(out, sources.files[i], manifest.files[i]); !put) return put;
  }
  for (std::size_t i = 0; i < manifest.self_tests.size(); ++i) {
    if (auto put = append(out, sources.self_tests[i], manifest.self_tests[i]); !put) return put;
  }
  if (::fsync(out.get()) != 0) return base::io::fail_errno("fsync");
  return base::Ok{};
}

}  // namespace

base::Result<Made> make_bundle(const MakeOptions& options, const base::sign::KeyPair& key) {
  auto sources = find_sources(options.folders, options.self_tests);
  if (!sources) return base::Unexpected{sources.error()};
  Manifest& manifest = sources->manifest;
  manifest.serial = options.serial;
  manifest.created = options.now;
  if (auto good = check(manifest); !good) {
    return base::fail("these files make no bundle: " + good.error().text);
  }
  const Fd out(
      ::open(options.out.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!out) {
    return base::io::fail_errno("make the file " + options.out.string(),
                                errno == EEXIST ? "nothing that is there is written over" : "");
  }
  if (auto written = write_bundle(out, *sources, manifest, key); !written) {
    ::unlink(options.out.c_str());  // ours since the line above, and no bundle
    return base::fail(options.out.string() + ": " + written.error().text);
  }
  return Made{.manifest = std::move(manifest), .left_out = std::move(sources->left_out)};
}

}  // namespace scannerqube::database::io
