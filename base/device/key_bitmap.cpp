// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/device/key_bitmap.hpp"

#include <linux/input-event-codes.h>

#include <algorithm>
#include <charconv>

namespace base::device {
namespace {

constexpr std::size_t word_bits = 64;
constexpr std::size_t max_words = KEY_MAX / word_bits + 1;

// Of 26 and 10: a keyboard may lack a few, a remote control or a keypad lacks many.
constexpr std::size_t least_letters = 20;
constexpr std::size_t least_digits = 8;

}  // namespace

KeyBitmap::KeyBitmap(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  while (!text.empty()) {
    const std::string_view digits = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), digits.size() + 1));
    std::uint64_t word = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, word, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != end || words_.size() == max_words) {
      words_.clear();
      return;
    }
    words_.push_back(word);
  }
  std::ranges::reverse(words_);
}

bool KeyBitmap::has(std::size_t key) const {
  const std::size_t word = key / word_bits;
  return word < words_.size() && ((words_[word] >> (key % word_bits)) & 1U) != 0;
}

std::size_t KeyBitmap::count(std::size_t first, std::size_t last) const {
  std::size_t keys = 0;
  for (std::size_t key = first; key <= last; ++key) {
    if (has(key)) ++keys;
  }
  return keys;
}

bool KeyBitmap::is_keyboard() const {
  const std::size_t letters = count(KEY_Q, KEY_P) + count(KEY_A, KEY_L) + count(KEY_Z, KEY_M);
  return letters >= least_letters && count(KEY_1, KEY_0) >= least_digits;
}

bool KeyBitmap::is_pointer() const { return has(BTN_LEFT) || has(BTN_TOUCH); }

}  // namespace base::device
