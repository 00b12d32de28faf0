// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/bundle_header.hpp"

#include <algorithm>

#include "base/wire/writer.hpp"

namespace scannerqube::database {
namespace {

constexpr std::string_view bundle_magic = "SLYPDB1\n";
static_assert(bundle_magic.size() + sizeof(std::uint32_t) + base::sign::signature_size ==
              bundle_header_size);

}  // namespace

base::Result<BundleHeader> parse_bundle_header(base::wire::Bytes untrusted) {
  base::wire::Reader in(untrusted);
  const auto begin = in.take(bundle_magic.size());
  BundleHeader header;
  header.manifest_size = in.u32();
  const auto signature = in.take(base::sign::signature_size);
  if (!in.done() || base::wire::as_text(begin) != bundle_magic) {
    return base::fail("this is no bundle of signatures: it does not begin as one");
  }
  if (header.manifest_size == 0 || header.manifest_size > max_manifest) {
    return base::fail("this bundle's manifest is said to have " +
                      std::to_string(header.manifest_size) + " bytes, not 1 to " +
                      std::to_string(max_manifest));
  }
  std::ranges::copy(signature, header.signature.bytes.begin());
  return header;
}

void encode_bundle_header(const BundleHeader& header, std::vector<std::byte>& out) {
  base::wire::Writer(out)
      .text(bundle_magic)
      .u32(header.manifest_size)
      .bytes(header.signature.bytes);
}

}  // namespace scannerqube::database
