// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/audit/chain.hpp"

#include <algorithm>
#include <charconv>

namespace base::audit {
namespace {

constexpr std::string_view seq_key = "{\"seq\":";
constexpr std::string_view prev_key = ",\"prev\":\"";
constexpr std::string_view hash_key = "\",\"hash\":\"";
constexpr std::string_view line_end = "\"}";
constexpr std::size_t tail_size =
    prev_key.size() + hash_digits + hash_key.size() + hash_digits + line_end.size();

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text.substr(0, max_field)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 0xfU];
    }
  }
  out += '"';
}

std::string hash_of(std::string_view text) {
  return base::hash::to_hex(base::hash::digest_of(base::wire::as_bytes(text)));
}

bool is_hash(std::string_view text) {
  return text.size() == hash_digits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

struct Parts {
  std::uint64_t seq = 0;
  std::string_view hashed;  // what the hash is over
  std::string_view prev;
  std::string_view hash;
};

std::optional<Parts> split(std::string_view line) {
  if (line.size() > max_line || line.size() < seq_key.size() + tail_size ||
      !line.starts_with(seq_key) || !line.ends_with(line_end)) {
    return std::nullopt;
  }
  Parts parts;
  const char* end = line.data() + line.size();
  const auto number = std::from_chars(line.data() + seq_key.size(), end, parts.seq);
  if (number.ec != std::errc{} || *number.ptr != ',') return std::nullopt;
  const std::string_view tail = line.substr(line.size() - tail_size);
  const std::size_t hash_at = prev_key.size() + hash_digits + hash_key.size();
  parts.prev = tail.substr(prev_key.size(), hash_digits);
  parts.hash = tail.substr(hash_at, hash_digits);
  if (!tail.starts_with(prev_key) || !is_hash(parts.prev) || !is_hash(parts.hash) ||
      tail.substr(prev_key.size() + hash_digits, hash_key.size()) != hash_key) {
    return std::nullopt;
  }
  // The quote that ends "prev" is hashed with it.
  parts.hashed = line.substr(0, line.size() - line_end.size() - hash_digits - hash_key.size() + 1);
  return parts;
}

}  // namespace

std::string append_line(Head& head, std::string_view time, std::string_view kind,
                        const Fields& fields) {
  std::string line(seq_key);
  line += std::to_string(++head.seq);
  line += ",\"time\":";
  append_quoted(line, time);
  line += ",\"kind\":";
  append_quoted(line, kind);
  for (const Field& each : fields) {
    // What would make the line too long is left out, and that is told.
    if (line.size() + 6 * std::min(each.value.size(), max_field) + 256 + tail_size > max_line) {
      line += ",\"cut\":true";
      break;
    }
    line += ",\"" + each.key + "\":";
    if (each.number) {
      line += each.value;
    } else {
      append_quoted(line, each.value);
    }
  }
  line.append(prev_key).append(head.hash) += '"';
  head.hash = hash_of(line);
  return line.append(hash_key.substr(1)).append(head.hash).append(line_end) += '\n';
}

std::string_view describe(Flaw flaw) {
  switch (flaw) {
    case Flaw::malformed:
      return "is no record of this log";
    case Flaw::edited:
      return "was edited: its hash is of other bytes";
    case Flaw::out_of_order:
      return "does not follow the record before it: records were removed, added or moved";
  }
  return "?";
}

base::Result<base::Ok, Flaw> check_line(Head& head, std::string_view untrusted_line) {
  const auto parts = split(untrusted_line);
  if (!parts) return base::Unexpected{Flaw::malformed};
  if (hash_of(parts->hashed) != parts->hash) return base::Unexpected{Flaw::edited};
  if (parts->seq != head.seq + 1 || parts->prev != head.hash) {
    return base::Unexpected{Flaw::out_of_order};
  }
  head = {.seq = parts->seq, .hash = std::string(parts->hash)};
  return base::Ok{};
}

std::optional<Head> head_of(std::string_view untrusted_line) {
  const auto parts = split(untrusted_line);
  if (!parts || hash_of(parts->hashed) != parts->hash) return std::nullopt;
  return Head{.seq = parts->seq, .hash = std::string(parts->hash)};
}

}  // namespace base::audit
