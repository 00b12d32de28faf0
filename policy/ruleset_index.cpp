// SPDX-License-Identifier: GPL-2.0-or-later
#include "policy/ruleset_index.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <string_view>
#include <utility>

namespace policy {
namespace {

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

// boost::hash_combine's way of mixing, for 64 bits.
std::size_t mix(std::size_t seed, std::size_t value) {
  constexpr std::size_t golden = 0x9e3779b97f4a7c15U;
  return seed ^ (value + golden + (seed << 12U) + (seed >> 4U));
}

bool is_uuid(std::string_view name) { return name.starts_with("uuid:"); }

}  // namespace

RulesetIndex::RulesetIndex(const std::vector<Rule>& rules) {
  std::vector<std::pair<std::size_t, Place>> keys;
  keys.reserve(rules.size());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    const bool named = rule.source.kind() == Token::Kind::name;
    const std::string_view source = named ? std::string_view(rule.source.value()) : "";
    uuids_ = uuids_ || is_uuid(source);
    const std::size_t call = mix(hash_of(rule.service), hash_of(rule.argument));
    keys.emplace_back(mix(call, hash_of(source)), static_cast<Place>(i));
  }
  std::sort(keys.begin(), keys.end());
  slots_.resize(std::bit_ceil(2 * keys.size() + 1));
  places_.reserve(keys.size());
  for (const auto& [key, place] : keys) {
    Slot& slot = slots_[slot_of(key)];
    if (slot.count == 0) slot = {.key = key, .first = static_cast<Place>(places_.size())};
    ++slot.count;
    places_.push_back(place);
  }
}

// Where `key` is, or where it would be put.
std::size_t RulesetIndex::slot_of(std::size_t key) const {
  std::size_t at = key & (slots_.size() - 1);
  while (slots_[at].count != 0 && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
  return at;
}

std::span<const RulesetIndex::Place> RulesetIndex::list(std::size_t key) const {
  const Slot& slot = slots_[slot_of(key)];
  return std::span(places_).subspan(slot.first, slot.count);
}

RulesetIndex::Walk RulesetIndex::walk(const Request& request, const QubeFacts* source) const {
  static const std::size_t any = hash_of("*");
  static const std::size_t keyword = hash_of("");
  const std::size_t service = hash_of(request.service);
  const std::size_t by_name =
      hash_of(source == nullptr ? std::string_view(request.source) : source->name);
  const bool by_uuid = uuids_ && source != nullptr && !source->uuid.empty();
  const std::size_t uuid = by_uuid ? hash_of("uuid:" + source->uuid) : 0;
  Walk walk;
  for (const std::size_t call :
       {mix(service, hash_of(request.argument)), mix(service, any), mix(any, any)}) {
    walk.add(list(mix(call, by_name)));
    walk.add(list(mix(call, keyword)));
    if (by_uuid) walk.add(list(mix(call, uuid)));
  }
  return walk;
}

bool RulesetIndex::Walk::next(Place& place) {
  std::span<const Place>* first = nullptr;
  for (std::size_t i = 0; i < count_; ++i) {
    auto& list = lists_[i];
    if (!list.empty() && (first == nullptr || list.front() < first->front())) first = &list;
  }
  if (first == nullptr) return false;
  place = first->front();
  *first = first->subspan(1);
  return true;
}

bool RulesetIndex::Walk::previous(Place& place) {
  std::span<const Place>* last = nullptr;
  for (std::size_t i = 0; i < count_; ++i) {
    auto& list = lists_[i];
    if (!list.empty() && (last == nullptr || list.back() > last->back())) last = &list;
  }
  if (last == nullptr) return false;
  place = last->back();
  *last = last->first(last->size() - 1);
  return true;
}

}  // namespace policy
