// SPDX-License-Identifier: GPL-2.0-or-later
// Value-or-error return type with the member names of std::expected.
//
// g++ 12 has std::expected only with -std=c++23 and clang 14 never enables it (libstdc++ asks for
// __cpp_concepts >= 202002L), so the project carries this subset.
#pragma once

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>

namespace base {

template <class E>
struct [[nodiscard]] Unexpected {
  E value;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

// Success without a value.
struct Ok {
  friend bool operator==(const Ok&, const Ok&) = default;
};

// A failure a person can act on: what was tried, what was found, what to do. One line, already
// escaped (base/wire/escape.hpp) where it quotes a peer.
struct Error {
  std::string text;
};

template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  using error_type = E;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: as std::expected
  Result(Unexpected<E> error)                                            // NOLINT: as std::expected
      : state_(std::in_place_index<1>, std::move(error.value)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & noexcept { return *checked(std::get_if<0>(&state_)); }
  const T& operator*() const& noexcept { return *checked(std::get_if<0>(&state_)); }
  T&& operator*() && noexcept { return std::move(*checked(std::get_if<0>(&state_))); }
  T* operator->() noexcept { return checked(std::get_if<0>(&state_)); }
  const T* operator->() const noexcept { return checked(std::get_if<0>(&state_)); }
  const E& error() const noexcept { return *checked(std::get_if<1>(&state_)); }

 private:
  // Reading the wrong side is a bug of ours, never of the peer: stop at once.
  template <class P>
  static P* checked(P* side) noexcept {
    if (side == nullptr) std::abort();
    return side;
  }

  std::variant<T, E> state_;
};

// Result<Ok> with a text: what most functions with a side effect return.
using Status = Result<Ok, Error>;

inline Unexpected<Error> fail(std::string text) {
  return Unexpected<Error>{Error{std::move(text)}};
}

}  // namespace base
