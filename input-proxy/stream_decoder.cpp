// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/stream_decoder.hpp"

#include <algorithm>

namespace inputproxy {

const char* describe(StreamError error) {
  switch (error) {
    case StreamError::unknown_version:
      return "the sender speaks another version of the protocol than 1";
    case StreamError::capabilities_too_long:
      return "the sender announces capabilities of a length that no device has";
    case StreamError::no_capabilities:
      return "the sender announces no capabilities";
  }
  return "unknown";
}

base::wire::Bytes StreamDecoder::unread() const {
  return std::span(buffer_).subspan(begin_, end_ - begin_);
}

std::span<std::byte> StreamDecoder::space() {
  std::ranges::copy(unread(), buffer_.begin());  // towards the front: may overlap
  end_ -= begin_;
  begin_ = 0;
  return std::span(buffer_).subspan(end_);
}

void StreamDecoder::filled(std::size_t size) { end_ += std::min(size, buffer_.size() - end_); }

base::Result<std::optional<StreamDecoder::Message>, StreamError> StreamDecoder::next() {
  if (error_) return base::Unexpected{*error_};
  if (stage_ == Stage::hello) {
    if (unread().size() < hello_size) return std::optional<Message>();
    if (auto said = hello(); !said) return said;
  }
  if (stage_ == Stage::capabilities) {
    if (unread().size() < wanted_) return std::optional<Message>();
    return greeting();
  }
  if (stage_ == Stage::surplus) {
    const std::size_t skipped = std::min(surplus_, unread().size());
    begin_ += skipped;
    surplus_ -= skipped;
    if (surplus_ > 0) return std::optional<Message>();
    stage_ = Stage::events;
  }
  if (unread().size() < event_size) return std::optional<Message>();
  const Event event = parse_event(unread().first(event_size));
  begin_ += event_size;
  return std::optional<Message>(event);
}

base::Result<std::optional<StreamDecoder::Message>, StreamError> StreamDecoder::hello() {
  base::wire::Reader in(unread().first(hello_size));
  const std::uint32_t version = in.u32();
  const std::uint32_t size = in.u32();
  begin_ += hello_size;
  if (version != protocol_version) error_ = StreamError::unknown_version;
  if (size > max_capabilities_size) error_ = StreamError::capabilities_too_long;
  if (size == 0 && !error_) error_ = StreamError::no_capabilities;
  if (error_) return base::Unexpected{*error_};
  wanted_ = std::min<std::size_t>(size, capabilities_size + extension_size);
  surplus_ = size - wanted_;
  stage_ = Stage::capabilities;
  return std::optional<Message>();
}

std::optional<StreamDecoder::Message> StreamDecoder::greeting() {
  Offer offer = parse_capabilities(unread().first(wanted_));
  begin_ += wanted_;
  stage_ = Stage::surplus;
  return Message(std::move(offer));
}

}  // namespace inputproxy
