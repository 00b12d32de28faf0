// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/wire/hello.hpp"

#include <algorithm>

#include "base/wire/writer.hpp"

namespace base::wire {
namespace {

constexpr std::string_view magic = "SLYP";

}  // namespace

std::array<std::byte, hello_size> encode_hello(const Hello& hello) {
  std::vector<std::byte> out;
  Writer(out)
      .text(magic)
      .u16(protocol_major)
      .u16(static_cast<std::uint16_t>(hello.kind))
      .u64(hello.features)
      .bytes(hello.token);
  std::array<std::byte, hello_size> wire{};
  std::copy_n(out.begin(), std::min(out.size(), wire.size()), wire.begin());
  return wire;
}

Result<Hello, HelloError> parse_hello(Bytes untrusted) {
  Reader in(untrusted);
  const std::string_view untrusted_magic = as_text(in.take(magic.size()));
  const std::uint16_t major = in.u16();
  const std::uint16_t kind = in.u16();
  Hello hello;
  hello.features = in.u64();
  const Bytes token = in.take(hello.token.size());

  if (!in.done()) return Unexpected{HelloError::truncated};
  if (untrusted_magic != magic) return Unexpected{HelloError::not_sallyport};
  if (major != protocol_major) return Unexpected{HelloError::unknown_major};
  if (kind != static_cast<std::uint16_t>(StreamKind::control) &&
      kind != static_cast<std::uint16_t>(StreamKind::data)) {
    return Unexpected{HelloError::unknown_kind};
  }
  hello.kind = StreamKind{kind};
  std::copy(token.begin(), token.end(), hello.token.begin());
  return hello;
}

const char* describe(HelloError error) {
  switch (error) {
    case HelloError::truncated:
      return "stream ended inside the hello";
    case HelloError::not_sallyport:
      return "peer does not speak the Sallyport protocol";
    case HelloError::unknown_major:
      return "peer speaks another major version; update the older side";
    case HelloError::unknown_kind:
      return "unknown kind of stream";
  }
  return "unknown error";
}

}  // namespace base::wire
