// SPDX-License-Identifier: GPL-2.0-or-later
#include "scanner-qube/database/io/bundle_reader.hpp"

#include <algorithm>

#include "scanner-qube/database/io/manifest_text.hpp"

namespace scannerqube::database::io {

base::Result<BundleReader::Step> BundleReader::next(base::wire::Bytes& untrusted) {
  if (state_ == State::failed) return base::fail(why_);
  auto taken = step(untrusted);
  if (!taken) {
    state_ = State::failed;
    why_ = taken.error().text;
  }
  return taken;
}

base::Result<BundleReader::Step> BundleReader::step(base::wire::Bytes& untrusted) {
  if (state_ == State::header) {
    if (!gather(untrusted, bundle_header_size)) return Step{};
    const auto header = parse_bundle_header(base::wire::as_bytes(head_));
    if (!header) return base::Unexpected{header.error()};
    header_ = *header;
    state_ = State::manifest;
  }
  if (state_ == State::manifest) {
    if (!gather(untrusted, bundle_header_size + header_.manifest_size)) return Step{};
    if (auto opened = open(); !opened) return base::Unexpected{opened.error()};
    state_ = State::between;
    return Step{.kind = Step::Kind::opened};
  }
  if (state_ == State::inside) {
    if (left_ > 0) return untrusted.empty() ? Step{} : content(untrusted);
    if (auto closed = close(); !closed) return base::Unexpected{closed.error()};
    state_ = State::between;
    return Step{.kind = Step::Kind::closed, .file = file_++};
  }
  if (file_ == count()) {
    if (untrusted.empty()) return Step{};
    return base::fail("there is more in the bundle than its manifest names");
  }
  if (untrusted.empty()) return Step{};
  left_ = file(file_).size;
  beginning_.clear();
  state_ = State::inside;
  return content(untrusted);
}

bool BundleReader::gather(base::wire::Bytes& untrusted, std::size_t size) {
  const auto part = untrusted.first(std::min(untrusted.size(), size - head_.size()));
  head_.append(base::wire::as_text(part));
  untrusted = untrusted.subspan(part.size());
  return head_.size() == size;
}

base::Status BundleReader::open() {
  using base::sign::Purpose;
  const auto verified =
      base::sign::verify(key_, Purpose::database_manifest, manifest_text(), header_.signature);
  if (verified != base::sign::Verified::yes) {
    return base::fail("this bundle is not signed with the key " + key_.id() +
                      ": it is another signer's, or was changed on the way");
  }
  auto manifest = parse_manifest(manifest_text());
  if (!manifest) return base::Unexpected{manifest.error()};
  manifest_ = *std::move(manifest);
  return base::Ok{};
}

BundleReader::Step BundleReader::content(base::wire::Bytes& untrusted) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, untrusted.size()));
  const auto part = untrusted.first(size);
  untrusted = untrusted.subspan(size);
  left_ -= size;
  hash_.add(part);
  if (file(file_).container != nullptr && beginning_.size() < container_header_size) {
    beginning_.append(
        base::wire::as_text(part.first(std::min(size, container_header_size - beginning_.size()))));
  }
  return {.kind = Step::Kind::content, .file = file_, .bytes = part};
}

base::Status BundleReader::close() {
  const File its = file(file_);
  if (hash_.end() != its.sha256) {
    return base::fail(its.name + " is not the file that was signed: its SHA-256 is another one");
  }
  if (its.container == nullptr) return base::Ok{};
  const auto facts = parse_container_header(base::wire::as_bytes(beginning_));
  if (!facts) return base::fail(its.name + ": " + facts.error().text);
  if (*facts == *its.container) return base::Ok{};
  return base::fail(its.name + " says of itself that it is version " +
                    std::to_string(facts->version) + ", the manifest names version " +
                    std::to_string(its.container->version) + " or another time or level");
}

base::Status BundleReader::finish() const {
  if (state_ == State::failed) return base::fail(why_);
  if (state_ == State::header) return base::fail("the bundle ends before its signature");
  if (state_ == State::manifest) return base::fail("the bundle ends before its manifest does");
  // A file is closed by asking for the next step, for which there need be no byte.
  if (state_ == State::inside || file_ != count()) {
    return base::fail("the bundle ends before " + file(file_).name + " does");
  }
  return base::Ok{};
}

BundleReader::File BundleReader::file(std::size_t number) const {
  if (number < manifest_.files.size()) {
    const DatabaseFile& its = manifest_.files[number];
    return {its.name, its.size, its.sha256, its.container ? &*its.container : nullptr};
  }
  const SelfTest& its = manifest_.self_tests.at(number - manifest_.files.size());
  return {its.name, its.size, its.sha256, nullptr};
}

}  // namespace scannerqube::database::io
