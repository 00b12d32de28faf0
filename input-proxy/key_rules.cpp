// SPDX-License-Identifier: GPL-2.0-or-later
#include "input-proxy/key_rules.hpp"

#include <linux/input-event-codes.h>

namespace inputproxy {
namespace {

bool is_function_key(std::uint16_t code) {
  return (code >= KEY_F1 && code <= KEY_F10) || code == KEY_F11 || code == KEY_F12 ||
         (code >= KEY_F13 && code <= KEY_F24);
}

// What Ctrl and Alt make a command of.
bool is_action(std::uint16_t code) {
  return is_function_key(code) || code == KEY_DELETE || code == KEY_KPDOT || code == KEY_LEFT ||
         code == KEY_RIGHT;
}

bool is_power(std::uint16_t code) {
  switch (code) {
    case KEY_POWER:
    case KEY_POWER2:
    case KEY_SLEEP:
    case KEY_SUSPEND:
    case KEY_WAKEUP:
    case KEY_RESTART:
      return true;
    default:
      return false;
  }
}

bool is_radio(std::uint16_t code) {
  switch (code) {
    case KEY_RFKILL:
    case KEY_WLAN:
    case KEY_BLUETOOTH:
    case KEY_UWB:
    case KEY_WWAN:
      return true;
    default:
      return false;
  }
}

bool is_media(std::uint16_t code) {
  switch (code) {
    case KEY_MUTE:
    case KEY_VOLUMEDOWN:
    case KEY_VOLUMEUP:
    case KEY_MICMUTE:
    case KEY_NEXTSONG:
    case KEY_PLAYPAUSE:
    case KEY_PREVIOUSSONG:
    case KEY_STOPCD:
    case KEY_RECORD:
    case KEY_REWIND:
    case KEY_FASTFORWARD:
    case KEY_PLAYCD:
    case KEY_PAUSECD:
    case KEY_PLAY:
    case KEY_EJECTCD:
    case KEY_EJECTCLOSECD:
    case KEY_BRIGHTNESSDOWN:
    case KEY_BRIGHTNESSUP:
      return true;
    default:
      return false;
  }
}

bool is_launch(std::uint16_t code) {
  switch (code) {
    case KEY_CALC:
    case KEY_FILE:
    case KEY_PROG1:
    case KEY_PROG2:
    case KEY_PROG3:
    case KEY_PROG4:
    case KEY_WWW:
    case KEY_MAIL:
    case KEY_BOOKMARKS:
    case KEY_COMPUTER:
    case KEY_HOMEPAGE:
    case KEY_CONFIG:
    case KEY_DASHBOARD:
    case KEY_SEARCH:
      return true;
    default:
      return (code >= KEY_WORDPROCESSOR && code <= KEY_DATABASE) ||
             (code >= KEY_MACRO1 && code <= KEY_MACRO30) || code == KEY_BUTTONCONFIG ||
             code == KEY_CONTROLPANEL || code == KEY_TASKMANAGER || code == KEY_APPSELECT;
  }
}

}  // namespace

ChordKeys chord_keys(const Keys& held) {
  ChordKeys keys{.control = held[KEY_LEFTCTRL] || held[KEY_RIGHTCTRL],
                 .alt = held[KEY_LEFTALT] || held[KEY_RIGHTALT]};
  for (std::uint16_t code = KEY_F1; code <= KEY_DELETE; ++code) {
    keys.action = keys.action || (held[code] && is_action(code));
  }
  for (std::uint16_t code = KEY_F13; code <= KEY_F24; ++code)
    keys.action = keys.action || held[code];
  return keys;
}

bool KeyRules::may_press(std::uint16_t code, const Keys& held, const ChordKeys& elsewhere) const {
  if (is_power(code)) return allows(KeyClass::power);
  if (is_media(code)) return allows(KeyClass::media);
  if (is_launch(code)) return allows(KeyClass::launch);
  if (is_radio(code)) return allows(KeyClass::radio);
  const ChordKeys here = chord_keys(held);
  // The kernel looks for SysRq on one keyboard at a time.
  if (code == KEY_SYSRQ) return !here.alt || allows(KeyClass::sysrq);
  const bool control = here.control || elsewhere.control;
  const bool alt = here.alt || elsewhere.alt;
  if (is_action(code)) return may_chord(code, control, alt);
  // A key that is down on another keyboard repeats there, and the chord would be whole.
  const bool modifier =
      code == KEY_LEFTCTRL || code == KEY_RIGHTCTRL || code == KEY_LEFTALT || code == KEY_RIGHTALT;
  if (!modifier || !elsewhere.action) return true;
  const bool is_alt = code == KEY_LEFTALT || code == KEY_RIGHTALT;
  return may_chord(KEY_F1, control || !is_alt, alt || is_alt) &&
         may_chord(KEY_DELETE, control || !is_alt, alt || is_alt);
}

bool KeyRules::may_chord(std::uint16_t code, bool control, bool alt) const {
  if (!alt) return true;
  const bool reboots = code == KEY_DELETE || code == KEY_KPDOT;
  if (control && reboots) return allows(KeyClass::reboot);
  if (control && is_function_key(code)) return allows(KeyClass::vt);
  return reboots || allows(KeyClass::console);
}

}  // namespace inputproxy
