// SPDX-License-Identifier: GPL-2.0-or-later
// Typist: see the header.
#include "tests/base/typing/typist.hpp"

#include <algorithm>

namespace base::typing::traces {
namespace {

double pace_of(Digraph digraph) {
  switch (digraph) {
    case Digraph::repeat:
      return 0.85;
    case Digraph::same_finger:
      return 1.35;
    case Digraph::same_hand:
      return 1.1;
    case Digraph::other_hand:
      return 0.9;
    case Digraph::roll:
      return 0.5;
  }
  return 1;
}

class Session {
 public:
  Session(const Typist& typist, std::uint64_t seed)
      : typist_(typist), random_(typist.name, seed), at_(typist.start) {}

  void type(std::string_view text) {
    const auto offset = static_cast<std::size_t>(random_.bits() % text.size());
    for (std::size_t i = 0; i < typist_.strokes; ++i) {
      const char character = text[(offset + i) % text.size()];
      if (i > 0) advance(previous_, character);
      if (random_.chance(typist_.typos)) correct(character);
      strike(character);
    }
  }
  std::vector<KeyEvent> events() const { return roll_.events(typist_.poll); }

 private:
  void advance(char before, char after) {
    drift_ = 0.9 * drift_ + random_.normal(0, 0.06);
    const Digraph digraph = digraph_of(before, after);
    double step = typist_.interval * std::exp(drift_) * random_.lognormal(typist_.interval_sigma);
    if (typist_.touch) step *= pace_of(digraph);
    if (before == ' ') step *= 1.15;  // the next word is read first
    if (before == '.' || before == ',') step *= 1.4;
    if (random_.chance(typist_.pause_chance)) step += typist_.pause * random_.lognormal(0.6);
    // Two fingers sometimes land together; one finger must come up first.
    if (typist_.touch && digraph != Digraph::repeat && random_.chance(0.008))
      step = random_.between(1, 14);
    if (digraph == Digraph::repeat || (!typist_.touch && step < last_hold_))
      step = std::max(step, last_hold_ + random_.between(20, 50));
    at_ += std::max(step, 2.0) * typist_.scale;
  }

  // A wrong key, seen after a moment and taken back.
  void correct(char character) {
    strike(character == 'x' ? 'c' : 'x');
    at_ += typist_.interval * random_.between(1.2, 2.5) * typist_.scale;
    press(code::backspace);
    at_ += typist_.interval * random_.between(1.0, 1.6) * typist_.scale;
  }

  void strike(char character) {
    const Key key = key_of(character);
    if (key.shift) {
      const double before = random_.between(0.3, 0.7) * std::min(typist_.interval, 200.0);
      at_ += before * 0.5 * typist_.scale;
      const double until = before + last_hold_ * random_.between(0.5, 1.1);
      roll_.stroke(key.finger < 4 ? code::right_shift : code::left_shift,
                   at_ - before * typist_.scale, until * typist_.scale);
    }
    press(key.code);
    previous_ = character;
  }

  void press(std::uint16_t key) {
    const double of_key = 0.85 + 0.03 * static_cast<double>(key % 11);  // fingers differ
    last_hold_ = typist_.hold * of_key * random_.lognormal(typist_.hold_sigma);
    roll_.stroke(key, at_, last_hold_ * typist_.scale);
  }

  const Typist& typist_;
  Random random_;
  Roll roll_;
  double at_;
  double drift_ = 0;
  double last_hold_ = 80;
  char previous_ = ' ';
};

}  // namespace

Trace type(const Typist& typist, std::uint64_t seed) {
  Session session(typist, seed);
  session.type(typist.text.empty() ? prose() : typist.text);
  return {.name = typist.name,
          .source = typist.source,
          .kind = Kind::human,
          .events = session.events()};
}

}  // namespace base::typing::traces
